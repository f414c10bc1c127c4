import entry from './lib/entry.js'

export const DynamoDbPersistence = entry.define(() => import('yjs'))
export const { PersistenceError, PREFERRED_TRIM_SIZE, getDynamoDbUpdates } = DynamoDbPersistence
export default DynamoDbPersistence
