'use strict'

/** What an entry of the package exports: the constructor, with everything that the original package exported beside it. */

const { checkDocName, invalidArgument } = require('./arguments.js')
const { PersistenceError } = require('./errors.js')
const { Persistence, handles } = require('./persistence.js')

/** From how many updates on the original package merged a document when it was read. */
const PREFERRED_TRIM_SIZE = 500

/**
 * All updates of a document, oldest first, like the function of this name in the original package. For use in `transact`.
 *
 * @param db the handle of `transact`
 */
async function getDynamoDbUpdates(db, tableName, docName) {
  const owner = handles.get(db)
  if (owner === undefined) throw invalidArgument('db is not the handle that transact(f) gave to f')
  if (tableName !== owner.tableName) throw invalidArgument(`db belongs to table ${owner.tableName}`)
  return owner.updates(checkDocName(docName))
}

/**
 * The constructor of one entry. All entries share one prototype, so that `instanceof` works across them.
 *
 * @param loadYjs returns the entry's own yjs, or a promise of it
 */
function defineConstructor(loadYjs) {
  function DynamoDbPersistence(config) {
    return Reflect.construct(Persistence, [config, loadYjs], new.target ?? DynamoDbPersistence)
  }
  DynamoDbPersistence.prototype = Persistence.prototype
  return Object.assign(DynamoDbPersistence, {
    DynamoDbPersistence,
    PersistenceError,
    PREFERRED_TRIM_SIZE,
    getDynamoDbUpdates,
    default: DynamoDbPersistence
  })
}

module.exports = { defineConstructor }
