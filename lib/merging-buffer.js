'use strict'

/** A list of updates that merges them now and then, so that it stays about as small as the content of the updates. */

const { mergeUpdates } = require('./updates.js')

/** A list with more updates than this is merged. */
const MAX_UPDATES = 100

class MergingBuffer {
  #options
  #check
  #updates = []
  /** Updates that cannot be merged with the others. */
  #unmergeable = []

  /**
   * @param {{ gc: boolean }} options of merges: `config.gc`
   * @param {(merged: Uint8Array) => Uint8Array} [check] returns what to keep of a merged update; throws if the updates must
   *   stay separate
   */
  constructor(options, check = merged => merged) {
    this.#options = options
    this.#check = check
  }

  /** @param update a valid one: only valid updates can be merged */
  add(update) {
    this.#updates.push(update)
    if (this.#updates.length > MAX_UPDATES) this.#merge()
  }

  /** Removes and returns all updates: one if they can be merged. */
  take() {
    if (this.#updates.length > 1) this.#merge()
    const { updates } = this
    this.#updates = []
    this.#unmergeable = []
    return updates
  }

  get updates() {
    return [...this.#unmergeable, ...this.#updates]
  }

  get isEmpty() {
    return this.#updates.length + this.#unmergeable.length === 0
  }

  #merge() {
    const updates = this.#updates
    this.#updates = []
    try {
      this.#updates.push(this.#check(mergeUpdates(updates, this.#options)))
    } catch {
      this.#unmergeable.push(...updates)
    }
  }
}

module.exports = { MergingBuffer }
