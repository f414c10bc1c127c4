'use strict'

/**
 * Updates that wait for a retry. Small ones are merged, which bounds the memory that they take. Large ones are kept byte for
 * byte: they are stored in several items, and the log completes a half-written set only for the same bytes.
 */

const { MergingBuffer } = require('./merging-buffer.js')
const { MAX_VALUE_BYTES } = require('./native.js')

class RetryBuffer {
  #options
  #check
  /** `{ update, first }`: `first` is the number of the first update that is contained in `update`. */
  #large = []
  #small
  #firstSmall

  /**
   * @param {{ gc: boolean }} options of merges: `config.gc`
   * @param {(merged: Uint8Array) => Uint8Array} check returns what can be stored of a merged update; throws if nothing can
   */
  constructor(options, check) {
    this.#options = options
    this.#check = check
    this.#resetSmall()
  }

  /** @param {{ update: Uint8Array, first: number }} pending a valid update */
  add(pending) {
    if (pending.update.length > MAX_VALUE_BYTES) {
      this.#large.push(pending)
      return
    }
    this.#small.add(pending.update)
    this.#firstSmall = Math.min(this.#firstSmall, pending.first)
  }

  /** Removes and returns all of them: `{ update, first }`, the small ones as one if they can be merged. */
  take() {
    const taken = this.#large
    this.#large = []
    for (const update of this.#small.take()) taken.push({ update, first: this.#firstSmall })
    this.#resetSmall()
    return taken
  }

  /** The number of the first update that is contained in one of them. */
  get first() {
    return Math.min(this.#firstSmall, ...this.#large.map(({ first }) => first))
  }

  get updates() {
    return [...this.#large.map(({ update }) => update), ...this.#small.updates]
  }

  get isEmpty() {
    return this.#large.length === 0 && this.#small.isEmpty
  }

  #resetSmall() {
    this.#small = new MergingBuffer(this.#options, this.#check)
    this.#firstSmall = Infinity
  }
}

module.exports = { RetryBuffer }
