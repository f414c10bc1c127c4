'use strict'

/**
 * Updates that the table refused for now. Small ones are merged, so that they stay about as large as the part of the
 * document that they are. A large one is stored in several items: it stays as it is, because the log resumes a set that is
 * half written only for the same bytes.
 */

const { Gathered } = require('./gathered.js')

/** What is larger goes alone in the addon's queue too (`MAX_BATCH_BYTES` there), and does not fit into one item. */
const LARGE_BYTES = 380_000

class Refused {
  #options
  #check
  /** Each with the number of the first update that is in it. */
  #large = []
  #small
  #firstSmall

  /**
   * @param {{ gc: boolean }} options of merges: what `config.gc` says
   * @param {(merged: Uint8Array) => Uint8Array} check gives what can be stored of a merge; throws where nothing can
   */
  constructor(options, check) {
    this.#options = options
    this.#check = check
    this.#forgetSmall()
  }

  /** @param {{ update: Uint8Array, first: number }} refused a valid update */
  add(refused) {
    if (refused.update.length > LARGE_BYTES) {
      this.#large.push(refused)
      return
    }
    this.#small.add(refused.update)
    this.#firstSmall = Math.min(this.#firstSmall, refused.first)
  }

  /** All of them, taken out: `{ update, first }`, the small ones as one where they can be merged. */
  take() {
    const taken = this.#large
    this.#large = []
    for (const update of this.#small.take()) taken.push({ update, first: this.#firstSmall })
    this.#forgetSmall()
    return taken
  }

  /** The number of the first update that is in one of them. */
  get first() {
    return Math.min(this.#firstSmall, ...this.#large.map(({ first }) => first))
  }

  get all() {
    return [...this.#large.map(({ update }) => update), ...this.#small.all]
  }

  get isEmpty() {
    return this.#large.length === 0 && this.#small.isEmpty
  }

  #forgetSmall() {
    this.#small = new Gathered(this.#options, this.#check)
    this.#firstSmall = Infinity
  }
}

module.exports = { Refused }
