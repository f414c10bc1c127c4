'use strict'

/**
 * The calls of one persistence: which are open, whether more may start, and who gets their failures.
 *
 * Knows neither the addon nor what a call does.
 */

const diagnostics = require('./diagnostics.js')
const { PersistenceError, closed } = require('./errors.js')
const { callAside, ReportedPromise } = require('./reported.js')

class Calls {
  #onError
  #report
  /** The open calls, as promises that are fulfilled when the call has ended, so that nobody handles its rejection here. */
  #open = new Set()
  /** The open calls of several steps: the addon must stay open until their last one. */
  #ofSeveralSteps = new Set()
  #isClosed = false
  #closing

  /** @param {Function} [onError] `config.onError` */
  constructor(onError) {
    this.#onError = onError
    this.#report = onError ?? diagnostics.warner()
  }

  /** Reports what no caller can catch: to `config.onError` or, without it, as a warning of the process. */
  report(error, context) {
    callAside(this.#report, error, context)
  }

  /**
   * A call of the API. `start` runs before this returns.
   *
   * @param {{ hasSteps?: boolean }} [options] whether the call uses the addon more than once
   */
  run(operation, docName, start, { hasSteps = false } = {}) {
    const running = this.#track(() => {
      this.checkOpen(docName)
      return start()
    }, hasSteps)
    return this.reported(diagnostics.timed(running, operation, docName), operation, docName)
  }

  /** A call of a bound document, which reports its failures itself. Such calls go on while the persistence is closing. */
  runBound(operation, docName, start) {
    return diagnostics.timed(this.#track(start, false), operation, docName)
  }

  /** The same promise, whose rejection goes to `onError` if nobody handles it. */
  reported(promise, operation, docName) {
    if (this.#onError === undefined) return promise
    return ReportedPromise.follow(promise, {
      of: error => error instanceof PersistenceError,
      to: error => this.#onError(error, { docName, operation })
    })
  }

  /** @throws {PersistenceError} `ERR_CLOSED` */
  checkOpen(docName) {
    if (this.#isClosed) throw closed(docName)
  }

  /** Resolves when all calls have ended that are open now. */
  async ended() {
    await Promise.all(this.#open)
  }

  /** As `ended`, for the calls of several steps. */
  async stepsEnded() {
    await Promise.all(this.#ofSeveralSteps)
  }

  /**
   * Lets no more calls start, and runs `finish`, once.
   *
   * @param {() => Promise<void>} finish
   */
  close(finish) {
    if (!this.#isClosed) {
      this.#isClosed = true
      this.#closing = finish()
    }
    return this.#closing
  }

  async #track(start, hasSteps) {
    let end
    const open = new Promise(resolve => {
      end = resolve
    })
    const started = start()
    this.#open.add(open)
    if (hasSteps) this.#ofSeveralSteps.add(open)
    try {
      return await started
    } finally {
      this.#open.delete(open)
      this.#ofSeveralSteps.delete(open)
      end()
    }
  }
}

module.exports = { Calls }
