'use strict'

/** Updates with structs that cannot be stored: what can be stored of them. */

const { PersistenceError, unwrap } = require('./errors.js')
const { validateUpdate } = require('./updates.js')
const native = require('./native.js')

/**
 * What of an update can be stored: the update itself, or, where structs in it are refused, the same with a deleted item for each
 * of these. Then `error` says which.
 *
 * @returns {{ update: Uint8Array, error?: PersistenceError }}
 * @throws {PersistenceError} `ERR_INVALID_UPDATE`, where the bytes are no update
 */
function storable(update, docName) {
  try {
    validateUpdate(update)
    return { update }
  } catch (cause) {
    const { update: rest, reason } = unwrap(native.salvageUpdate(update), docName)
    validateUpdate(rest)
    const message = `${reason ?? cause.message}: the struct there is replaced by a deleted item, and the rest of the update is stored`
    return {
      update: rest,
      error: new PersistenceError(message, { code: 'ERR_INVALID_UPDATE', docName, retryable: false, cause })
    }
  }
}

module.exports = { storable }
