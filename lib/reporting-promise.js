'use strict'

/**
 * Promises for `config.onError`: a rejection that nobody handles is reported there instead of ending the process.
 *
 * A promise counts as handled once something receives its rejection: `await`, `catch`, `then` with two functions,
 * `Promise.all`, `return` from an async function. `then` and `finally` without a rejection handler return a promise that
 * has to be handled in turn. That is decided when Node would emit `unhandledRejection`: after the promise was rejected and
 * all microtasks have run.
 */

class ReportingPromise extends Promise {
  #report = undefined
  #handled = false

  /**
   * A promise with the outcome of `promise` that passes its rejection to `report` if nobody handles it.
   *
   * @param {Promise<T>} promise
   * @param {{ of: (error: unknown) => boolean, to: (error: unknown) => void }} report
   */
  static follow(promise, report) {
    const reporting = new ReportingPromise((resolve, reject) => {
      promise.then(resolve, reject)
    })
    reporting.#watch(report)
    return reporting
  }

  #watch(report) {
    this.#report = report
    super.then(undefined, error => {
      process.nextTick(() => {
        if (this.#handled) return
        if (report.of(error)) report.to(error)
        // An error of the caller's own function in `then`: Node reports it, as with any promise.
        else Promise.reject(error)
      })
    })
  }

  then(onFulfilled, onRejected) {
    this.#handled = true
    const derived = super.then(onFulfilled, onRejected)
    if (typeof onRejected !== 'function' && this.#report !== undefined) derived.#watch(this.#report)
    return derived
  }

  finally(onFinally) {
    const derived = super.finally(onFinally)
    if (this.#report !== undefined) derived.#watch(this.#report)
    return derived
  }
}

module.exports = { ReportingPromise }
