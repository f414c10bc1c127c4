'use strict'

/**
 * Updates that wait for something, for as long as it takes: merged now and then, so that they stay about as large as the
 * part of the document that they are.
 */

const { mergeUpdates } = require('../updates.cjs')

const MOST_UPDATES = 100

class Gathered {
  #options
  #updates = []

  /** @param {{ gc: boolean }} options of merges: what `config.gc` says */
  constructor (options) {
    this.#options = options
  }

  /** @param update a valid one: merging needs that */
  add (update) {
    this.#updates.push(update)
    if (this.#updates.length > MOST_UPDATES) this.#updates = [mergeUpdates(this.#updates, this.#options)]
  }

  /** All of them as one update, taken out. */
  take () {
    const updates = this.#updates
    this.#updates = []
    return updates.length === 1 ? updates[0] : mergeUpdates(updates, this.#options)
  }

  get all () {
    return [...this.#updates]
  }

  get isEmpty () {
    return this.#updates.length === 0
  }
}

module.exports = { Gathered }
