'use strict'

/**
 * Updates that wait for something, for as long as it takes: merged now and then, so that they stay about as large as the
 * part of the document that they are.
 */

const { mergeUpdates } = require('./updates.js')

const MOST_UPDATES = 100

class Gathered {
  #options
  #check
  #updates = []
  /** Updates that cannot be merged with the others. */
  #apart = []

  /**
   * @param {{ gc: boolean }} options of merges: what `config.gc` says
   * @param {(merged: Uint8Array) => Uint8Array} [check] gives what is kept of a merge; throws where the updates stay apart
   */
  constructor(options, check = merged => merged) {
    this.#options = options
    this.#check = check
  }

  /** @param update a valid one: merging needs that */
  add(update) {
    this.#updates.push(update)
    if (this.#updates.length > MOST_UPDATES) this.#merge()
  }

  /** All of them, taken out: one update where they can be merged. */
  take() {
    if (this.#updates.length > 1) this.#merge()
    const updates = this.all
    this.#updates = []
    this.#apart = []
    return updates
  }

  #merge() {
    const updates = this.#updates
    this.#updates = []
    try {
      this.#updates.push(this.#check(mergeUpdates(updates, this.#options)))
    } catch {
      this.#apart.push(...updates)
    }
  }

  get all() {
    return [...this.#apart, ...this.#updates]
  }

  get isEmpty() {
    return this.#updates.length + this.#apart.length === 0
  }
}

module.exports = { Gathered }
