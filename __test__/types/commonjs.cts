// A CommonJS module. tsc checks it; it never runs.
import DynamoDbPersistence = require('y-dynamodb')
import Y = require('yjs')

const { PREFERRED_TRIM_SIZE, PersistenceError, getDynamoDbUpdates } = DynamoDbPersistence

const persistence: DynamoDbPersistence = DynamoDbPersistence({ tableName: 'docs', aws: { endpoint: 'memory:' } })
const other: DynamoDbPersistence = new DynamoDbPersistence.DynamoDbPersistence({ tableName: 'docs' })
const third = new DynamoDbPersistence.default({ tableName: 'docs' })

async function main (): Promise<void> {
  const doc: Y.Doc = await persistence.getYDoc('doc')
  const clock: number = await other.storeUpdate('doc', Y.encodeStateAsUpdate(doc))
  const updates: DynamoDbPersistence.StoredUpdate[] =
    await third.transact(db => getDynamoDbUpdates(db, 'docs', 'doc'))
  try {
    await persistence.close()
  } catch (error) {
    if (error instanceof PersistenceError) {
      const code: DynamoDbPersistence.ErrorCode = error.code
      void code
    }
  }
  const limit: 500 = PREFERRED_TRIM_SIZE
  void [clock, updates, limit]
}

export = main
