'use strict'

/** Encodes and decodes metas; errors name the meta. */

const any = require('./any.js')
const { invalidArgument } = require('./arguments.js')
const { PersistenceError } = require('./errors.js')

function encodeMeta(value, docName) {
  try {
    return any.encode(value)
  } catch (cause) {
    throw invalidArgument(`meta cannot be stored: ${cause.message}`, docName)
  }
}

function decodeMeta(bytes, metaKey, docName) {
  try {
    return any.decode(bytes)
  } catch (cause) {
    throw new PersistenceError(`meta ${JSON.stringify(metaKey)} cannot be read: ${cause.message}`, {
      code: 'ERR_CORRUPT',
      docName,
      retryable: false,
      cause
    })
  }
}

module.exports = { decodeMeta, encodeMeta }
