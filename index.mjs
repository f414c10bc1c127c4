import persistence from './lib/persistence.js'

export const DynamoDbPersistence = persistence.define(() => import('yjs'))
export const { PersistenceError, PREFERRED_TRIM_SIZE, getDynamoDbUpdates } = DynamoDbPersistence
export default DynamoDbPersistence
