'use strict'

/**
 * Promises for `config.onError`: a rejection that nobody handles is reported there instead of ending the process.
 *
 * A promise counts as handled once something was attached that receives its rejection: `await`, `catch`, `then` with two
 * functions, `Promise.all`, `return` from an async function. `then` and `finally` without a rejection handler pass the duty
 * on to the promise they return. The moment of decision is that of Node's `unhandledRejection`: when the promise is
 * rejected and all microtasks are done.
 */

class ReportedPromise extends Promise {
  #report = undefined
  #handled = false

  /**
   * `promise`, whose rejection goes to `report` where nobody handles it.
   *
   * @param {Promise<T>} promise
   * @param {{ of: (error: unknown) => boolean, to: (error: unknown) => void }} report
   */
  static follow(promise, report) {
    const reported = new ReportedPromise((resolve, reject) => {
      promise.then(resolve, reject)
    })
    reported.#watch(report)
    return reported
  }

  #watch(report) {
    this.#report = report
    super.then(undefined, error => {
      process.nextTick(() => {
        if (this.#handled) return
        if (report.of(error)) report.to(error)
        // An error of the caller's own function in `then`: Node's to report, as with any promise.
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

/** Calls a function of the user's. What it throws is Node's to report, as an uncaught exception, and disturbs nobody here. */
function callAside(f, ...args) {
  try {
    f(...args)
  } catch (error) {
    process.nextTick(() => {
      throw error
    })
  }
}

module.exports = { ReportedPromise, callAside }
