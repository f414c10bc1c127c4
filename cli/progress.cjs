'use strict'

/** How far long work is: one line on standard error, redrawn; nothing where that is no terminal. */

const { counted } = require('./counted.cjs')

const WIDTH = 30
const REDRAW_MS = 100

class Progress {
  #isShown = process.stderr.isTTY === true && process.env.TERM !== 'dumb'
  #drawn = false
  #last = 0
  #done = 0
  #total

  /** @param {number} [total] how many there will be, where that is known */
  begin(total) {
    this.#total = total
    this.#draw()
  }

  /** One more is done. */
  step() {
    this.#done += 1
    if (Date.now() - this.#last >= REDRAW_MS) this.#draw()
  }

  /** Takes the line away, so that others can be printed. */
  clear() {
    if (!this.#drawn) return
    process.stderr.write('\r\x1b[K')
    this.#drawn = false
  }

  end() {
    this.clear()
    this.#isShown = false
  }

  #draw() {
    if (!this.#isShown) return
    this.#last = Date.now()
    this.#drawn = true
    process.stderr.write(`\r\x1b[K${this.#line()}`)
  }

  #line() {
    if (!this.#total) return counted(this.#done, 'document')
    const filled = Math.min(WIDTH, Math.floor((WIDTH * this.#done) / this.#total))
    return `[${'#'.repeat(filled)}${' '.repeat(WIDTH - filled)}] ${this.#done} of ${this.#total} documents`
  }
}

module.exports = { Progress }
