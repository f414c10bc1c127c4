'use strict'

/**
 * The error class of the package, and the conversion of failures of the native addon to errors.
 *
 * The addon returns failures as values. They are thrown here, so that an error has its `code` and the caller's stack.
 */

/**
 * A failed call. `code` says what to do (see docs/ERRORS.md#codes); `retryable`, whether the same call may succeed later
 * without any change.
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

// On the prototype, as of the built-in errors, so that it is not an own property of every error.
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

/** Whether a native call returned a failure instead of its result. */
function isFailure(result) {
  return typeof result === 'object' && result !== null && result.isFailure === true
}

/**
 * Returns the result of a native call, or throws its failure.
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

/** The error of a call after `close`, or of a wait for a document that was destroyed. */
function closed(docName, message = 'the persistence was closed') {
  return new PersistenceError(message, { code: 'ERR_CLOSED', docName, retryable: false })
}

/** What a bound document reports when it is cleared. */
function cleared(docName) {
  const message =
    'the document was cleared while it was bound: its changes are no longer stored. Close its connections, so that it is loaded again'
  return new PersistenceError(message, { code: 'ERR_CLEARED', docName, retryable: false })
}

/** No later attempt with the same arguments succeeds, whatever anybody changes in the table or in AWS. */
const NEVER_RETRIED = new Set(['ERR_INVALID_ARGUMENT', 'ERR_INVALID_UPDATE', 'ERR_CLOSED', 'ERR_CLEARED'])

/**
 * Whether a bound document retries after an error. Unlike `error.retryable`, this includes errors that an operator can resolve
 * meanwhile, such as `ERR_ACCESS`: nobody else would send the update again.
 */
function isRetried(error) {
  return !NEVER_RETRIED.has(error.code)
}

module.exports = { PersistenceError, cleared, closed, fromFailure, isRetried, unwrap }
