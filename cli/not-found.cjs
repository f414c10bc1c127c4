'use strict'

/** That the table does not have the document of the call. */

const { PersistenceError } = require('../lib/errors.js')

/** `quarantined` is how many items of it a repair has set aside, where nothing else is left. */
function notFound(docName, quarantined = 0) {
  const rest = quarantined === 0 ? '' : `, only ${quarantined} in quarantine (repair DOC --extract DIR)`
  return new PersistenceError(`there is no such document${rest}`, { code: 'ERR_NOT_FOUND', docName })
}

module.exports = { notFound }
