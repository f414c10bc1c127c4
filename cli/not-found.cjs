'use strict'

const { PersistenceError } = require('../lib/errors.js')
const { pluralize } = require('./format.cjs')

/** The error for a document that the table does not have. `quarantined`: how many of its items are in quarantine. */
function notFound(docName, quarantined = 0) {
  const rest =
    quarantined === 0
      ? ''
      : `, only ${pluralize(quarantined, 'item')} in quarantine (repair DOC --extract DIR writes them to files)`
  return new PersistenceError(`the table has no such document${rest}`, { code: 'ERR_NOT_FOUND', docName })
}

module.exports = { notFound }
