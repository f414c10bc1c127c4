'use strict'

/**
 * Cancels a run. The first Ctrl-C or SIGTERM lets documents in progress finish and starts no others. The second ends the
 * process.
 */

const { INTERRUPTED } = require('./exit-codes.cjs')

const SIGNALS = ['SIGINT', 'SIGTERM']

class Cancellation {
  /** Whether nothing more may be started. */
  isCancelled = false
  /** Whether a signal cancelled the run. */
  isInterrupted = false
  #onSignal = () => this.#interrupt()

  constructor() {
    for (const signal of SIGNALS) process.on(signal, this.#onSignal)
  }

  /** Cancels the run without a message, because nobody reads its output. */
  cancel() {
    this.isCancelled = true
  }

  dispose() {
    for (const signal of SIGNALS) process.off(signal, this.#onSignal)
  }

  #interrupt() {
    if (this.isInterrupted) process.exit(INTERRUPTED)
    this.isCancelled = this.isInterrupted = true
    process.stderr.write(
      '\ny-dynamodb: stopping when the documents in progress are finished; press Ctrl-C again to exit now\n'
    )
  }
}

module.exports = { Cancellation }
