'use strict'

/**
 * Checks the arguments of calls before anything is queued: a wrong one is refused without a request. The native addon checks
 * lengths; this checks what only JavaScript can see.
 */

const { PersistenceError } = require('./errors.js')

function invalidArgument(message, docName) {
  return new PersistenceError(message, { code: 'ERR_INVALID_ARGUMENT', docName, retryable: false })
}

function checkString(value, what, docName) {
  if (typeof value !== 'string')
    throw invalidArgument(`${what} is not a string but ${describe(value)}`, docName)
  // UTF-8 cannot encode lone surrogates: two names would become the same.
  if (!value.isWellFormed()) throw invalidArgument(`${what} holds a lone surrogate`, docName)
  return value
}

function checkDocName(docName) {
  return checkString(docName, 'document name')
}

function checkBytes(value, what, docName) {
  if (!(value instanceof Uint8Array))
    throw invalidArgument(`${what} is not a Uint8Array but ${describe(value)}`, docName)
  if (isDetached(value))
    throw invalidArgument(`${what} is a detached Uint8Array: its bytes are somewhere else`, docName)
  return unshared(value)
}

/** `bytes`, or a copy if another thread may write to them: the addon cannot borrow such memory. */
function unshared(bytes) {
  return bytes.buffer instanceof SharedArrayBuffer ? Uint8Array.from(bytes) : bytes
}

/** Node 20 has no `ArrayBuffer.prototype.detached`, but a view of a detached buffer cannot be created. */
function isDetached(bytes) {
  if (bytes.byteLength !== 0) return false
  try {
    void new Uint8Array(bytes.buffer)
    return false
  } catch {
    return true
  }
}

function describe(value) {
  if (value === null) return 'null'
  return typeof value === 'object' ? (value.constructor?.name ?? 'an object') : typeof value
}

module.exports = { checkBytes, checkDocName, checkString, describe, invalidArgument, isDetached, unshared }
