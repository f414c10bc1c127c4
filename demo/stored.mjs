import DynamoDbPersistence from '../index.mjs'

/** What the table holds of each document: `[{ name, items, bytes, stateVector }]`, without the metas. */
export const stored = async (persistence, tableName) => {
  const documents = []
  for await (const { name, sv } of persistence.docStateVectors()) {
    const updates = await persistence.transact(db => DynamoDbPersistence.getDynamoDbUpdates(db, tableName, name))
    documents.push({
      name,
      items: updates.length,
      bytes: updates.reduce((sum, { value }) => sum + value.length, 0),
      stateVector: Buffer.from(sv).toString('base64')
    })
  }
  return documents.sort((a, b) => a.name < b.name ? -1 : 1)
}
