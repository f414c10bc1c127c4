'use strict'

/** A progress line on standard error, redrawn in place. Nothing is drawn if standard error is not a terminal. */

const { pluralize } = require('./format.cjs')

const WIDTH = 30
const REDRAW_MS = 100

class Progress {
  #isEnabled = process.stderr.isTTY === true && process.env.TERM !== 'dumb'
  #isDrawn = false
  #drawnAt = 0
  #done = 0
  #total

  /** @param {number} [total] how many documents there are, if known */
  begin(total) {
    this.#total = total
    this.#draw()
  }

  /** One more document is finished. */
  step() {
    this.#done += 1
    if (Date.now() - this.#drawnAt >= REDRAW_MS) this.#draw()
  }

  /** Erases the line, so that other output can be printed. */
  clear() {
    if (!this.#isDrawn) return
    process.stderr.write('\r\x1b[K')
    this.#isDrawn = false
  }

  end() {
    this.clear()
    this.#isEnabled = false
  }

  #draw() {
    if (!this.#isEnabled) return
    this.#drawnAt = Date.now()
    this.#isDrawn = true
    process.stderr.write(`\r\x1b[K${this.#line()}`)
  }

  #line() {
    if (!this.#total) return pluralize(this.#done, 'document')
    const filled = Math.min(WIDTH, Math.floor((WIDTH * this.#done) / this.#total))
    return `[${'#'.repeat(filled)}${' '.repeat(WIDTH - filled)}] ${this.#done} of ${this.#total} documents`
  }
}

module.exports = { Progress }
