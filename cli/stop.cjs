'use strict'

/**
 * Ctrl-C and SIGTERM: the first asks the run to begin nothing more and to end what is in work; the second ends the process.
 */

const { STOPPED } = require('./exit-codes.cjs')

const SIGNALS = ['SIGINT', 'SIGTERM']

class Stop {
  /** Nothing more is to be begun. */
  isOver = false
  /** It was a person or a system that asked. */
  isAsked = false
  #ask = () => this.#asked()

  constructor() {
    for (const signal of SIGNALS) process.on(signal, this.#ask)
  }

  /** What a run prints goes nowhere: nothing is to be begun, and nobody has to be told. */
  quietly() {
    this.isOver = true
  }

  end() {
    for (const signal of SIGNALS) process.off(signal, this.#ask)
  }

  #asked() {
    if (this.isAsked) process.exit(STOPPED)
    this.isOver = this.isAsked = true
    process.stderr.write('\ny-dynamodb: ending what is in work; Ctrl-C again ends at once\n')
  }
}

module.exports = { Stop }
