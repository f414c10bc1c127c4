'use strict'

/** Updates with structs that the table refuses: what can be stored of them. */

const { checkBytes } = require('./arguments.js')
const { PersistenceError, unwrap } = require('./errors.js')
const native = require('./native.js')

/**
 * What can be stored of an update: the update itself or, if structs in it are refused, the same update with a deleted item in
 * place of each of them. Then `error` names the first one.
 *
 * @returns {{ update: Uint8Array, error?: PersistenceError }}
 * @throws {PersistenceError} `ERR_INVALID_UPDATE` if the bytes are not an update
 */
function storable(update, docName) {
  const { update: rest, reason } = unwrap(native.salvageUpdate(checkBytes(update, 'update')), docName)
  if (reason === undefined) return { update }
  const message = `${reason}: the struct there is replaced by a deleted item, and the rest of the update is stored`
  return {
    update: rest,
    error: new PersistenceError(message, { code: 'ERR_INVALID_UPDATE', docName, retryable: false })
  }
}

module.exports = { storable }
