'use strict'

/**
 * The one error class of the package, and how a failure of the native addon becomes one.
 *
 * The addon returns failures as values, and they are thrown here: so the stack is the caller's, and `code` survives.
 */

/**
 * A call that failed. `code` says what to do about it (see docs/ERRORS.md#codes); `retryable` whether the same
 * call may succeed later without any change.
 */
class PersistenceError extends Error {
  /**
   * @param {string} message
   * @param {{ code: string, docName?: string, retryable?: boolean, cause?: unknown, requestId?: string }} details
   */
  constructor(message, { code, docName, retryable = false, cause, requestId }) {
    super(message, cause === undefined ? undefined : { cause })
    this.code = code
    this.docName = docName
    this.retryable = retryable
    this.requestId = requestId
  }
}

// On the prototype, as with the built-in errors: not an own property of each one.
Object.defineProperty(PersistenceError.prototype, 'name', {
  value: 'PersistenceError',
  writable: true,
  configurable: true
})

/**
 * The error for a failure value of the native addon.
 *
 * @param {{ code: string, message: string, retryable: boolean, cause?: string, requestId?: string }} failure
 * @param {string} [docName]
 */
function fromFailure(failure, docName) {
  const { code, message, retryable, requestId } = failure
  const cause = failure.cause === undefined ? undefined : new Error(failure.cause)
  return new PersistenceError(message, { code, docName, retryable, cause, requestId })
}

/** Whether a native call gave a failure instead of its result. */
function isFailure(result) {
  return typeof result === 'object' && result !== null && result.isFailure === true
}

/**
 * The result of a native call, or its failure thrown.
 *
 * @template T
 * @param {T} result
 * @param {string} [docName]
 * @returns {T}
 */
function unwrap(result, docName) {
  if (isFailure(result)) throw fromFailure(result, docName)
  return result
}

/** The error of a call after `close`. */
function closed(docName) {
  return new PersistenceError('the persistence was closed', { code: 'ERR_CLOSED', docName, retryable: false })
}

module.exports = { PersistenceError, closed, fromFailure, unwrap }
