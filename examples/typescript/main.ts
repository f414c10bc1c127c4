/**
 * Uses the package from TypeScript, on the embedded DynamoDB: npm install && npm run build && npm start
 */
import DynamoDbPersistence, { PersistenceError } from 'y-dynamodb'
import * as Y from 'yjs'

const config: DynamoDbPersistence.Config = {
  tableName: 'docs',
  aws: { endpoint: 'memory:', region: 'local' }
}
const persistence = DynamoDbPersistence(config)

const doc = new Y.Doc()
doc.getText('body').insert(0, 'stored from TypeScript')
const clock: number = await persistence.storeUpdate('letter', Y.encodeStateAsUpdate(doc))

const stored: Y.Doc = await persistence.getYDoc('letter')
console.log(`clock ${clock}: ${stored.getText('body').toString()}`)

try {
  await persistence.storeUpdate('letter', new Uint8Array([1, 2, 3]))
} catch (error) {
  if (!(error instanceof PersistenceError) || error.code !== 'ERR_INVALID_UPDATE') throw error
  console.log(`refused: ${error.message}`)
}
await persistence.close()
