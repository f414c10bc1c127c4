/** What the table holds, as the demo tells it: without the metas, a set of parts as one item. */
import * as Y from 'yjs'
import DynamoDbPersistence, { PersistenceError } from '../../index.mjs'
import { encodeStateVectorFromUpdate, mergeUpdatesAsync } from '../../entries/updates.mjs'

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

/** Of every document: `[{ name, items, bytes, stateVector }]`. Reads the whole table. */
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

/** Of one document: `{ items, bytes, snapshot }`; the snapshot tells a client which of its updates are stored. Rejects with `ERR_CORRUPT`. */
export const storedOf = async (persistence, tableName, docName) => {
  const updates = await updatesOf(persistence, tableName, docName)
  const merged = await merge(updates, docName)
  const snapshot = Y.createSnapshot(
    Y.decodeUpdate(merged).ds,
    Y.decodeStateVector(encodeStateVectorFromUpdate(merged))
  )
  return { ...sizeOf(updates), snapshot: base64(Y.encodeSnapshot(snapshot)) }
}
