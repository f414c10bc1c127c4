/** What the table holds of the documents, without metas. A set counts as one item. */
import * as Y from 'yjs'
import DynamoDbPersistence, { PersistenceError } from '../../index.mjs'
import { encodeStateVectorFromUpdate, mergeUpdatesAsync } from '../../entries/updates.mjs'

/** The panel draws so many items at most. */
const MAX_SIZES = 300

const updatesOf = async (persistence, tableName, docName) => {
  const updates = await persistence.transact(db =>
    DynamoDbPersistence.getDynamoDbUpdates(db, tableName, docName)
  )
  return updates.map(({ value }) => value)
}

const sizeOf = updates => ({
  items: updates.length,
  bytes: updates.reduce((sum, { length }) => sum + length, 0)
})

const merge = async (updates, docName) => {
  try {
    return await mergeUpdatesAsync(updates)
  } catch (cause) {
    throw new PersistenceError(`a stored item is not an update: ${cause.message}`, {
      code: 'ERR_CORRUPT',
      docName,
      cause
    })
  }
}

const base64 = bytes => Buffer.from(bytes).toString('base64')

/** All documents: `[{ name, items, bytes, stateVector }]`. Reads the whole table. */
export const stored = async (persistence, tableName) => {
  const documents = []
  for await (const { name, sv } of persistence.docStateVectors()) {
    documents.push({
      name,
      ...sizeOf(await updatesOf(persistence, tableName, name)),
      stateVector: base64(sv)
    })
  }
  return documents.sort((a, b) => (a.name < b.name ? -1 : 1))
}

/**
 * One document: `{ items, bytes, sizes, snapshot }`. `sizes` has the bytes of the newest items, in the order of the log. With
 * the snapshot a client finds out which of its updates are stored. Rejects with `ERR_CORRUPT`.
 */
export const storedOf = async (persistence, tableName, docName) => {
  const updates = await updatesOf(persistence, tableName, docName)
  const merged = await merge(updates, docName)
  const snapshot = Y.createSnapshot(
    Y.decodeUpdate(merged).ds,
    Y.decodeStateVector(encodeStateVectorFromUpdate(merged))
  )
  return {
    ...sizeOf(updates),
    sizes: updates.slice(-MAX_SIZES).map(({ length }) => length),
    snapshot: base64(Y.encodeSnapshot(snapshot))
  }
}
