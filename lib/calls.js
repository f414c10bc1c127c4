'use strict'

/**
 * The calls of one persistence: tracks which are open, refuses calls after `close`, and reports failures.
 *
 * Knows neither the addon nor what a call does.
 */

const { invokeCallback } = require('./callback.js')
const diagnostics = require('./diagnostics.js')
const { PersistenceError, closed } = require('./errors.js')
const { ReportingPromise } = require('./reporting-promise.js')

class Calls {
  #onError
  #report
  /** For each open call a promise that is fulfilled when the call ends: waiting for it must not handle the call's rejection. */
  #open = new Set()
  /** Of the open calls those that use the addon more than once: it has to stay open until they end. */
  #multiStep = new Set()
  #isClosed = false
  #closing

  /** @param {Function} [onError] `config.onError` */
  constructor(onError) {
    this.#onError = onError
    this.#report = onError ?? diagnostics.warningReporter()
  }

  /** Reports an error that no caller can catch: to `config.onError` or, without it, as a warning of the process. */
  report(error, context) {
    invokeCallback(this.#report, error, context)
  }

  /**
   * Runs a call of the API. `start` is called before this returns.
   *
   * @param {{ isMultiStep?: boolean }} [options] whether the call uses the addon more than once
   */
  run(operation, docName, start, { isMultiStep = false } = {}) {
    const running = this.#track(() => {
      this.checkOpen(docName)
      return start()
    }, isMultiStep)
    return this.reporting(diagnostics.timed(running, operation, docName), operation, docName)
  }

  /** Runs a call of a bound document, which reports failures itself. Such calls are accepted while the persistence closes. */
  runBound(operation, docName, start) {
    return diagnostics.timed(this.#track(start, false), operation, docName)
  }

  /** The same promise; if nobody handles its rejection, `onError` gets the error. */
  reporting(promise, operation, docName) {
    if (this.#onError === undefined) return promise
    return ReportingPromise.follow(promise, {
      of: error => error instanceof PersistenceError,
      to: error => this.#onError(error, { docName, operation })
    })
  }

  /** @throws {PersistenceError} `ERR_CLOSED` */
  checkOpen(docName) {
    if (this.#isClosed) throw closed(docName)
  }

  /** Resolves when all calls that are open now have ended. */
  async ended() {
    await Promise.all(this.#open)
  }

  /** As `ended`, only for the calls that use the addon more than once. */
  async multiStepEnded() {
    await Promise.all(this.#multiStep)
  }

  /**
   * Refuses further calls. The first time it also runs `finish`; each time it resolves when that has ended.
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

  async #track(start, isMultiStep) {
    let end
    const open = new Promise(resolve => {
      end = resolve
    })
    const started = start()
    this.#open.add(open)
    if (isMultiStep) this.#multiStep.add(open)
    try {
      return await started
    } finally {
      this.#open.delete(open)
      this.#multiStep.delete(open)
      end()
    }
  }
}

module.exports = { Calls }
