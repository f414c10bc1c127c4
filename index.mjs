import constructor from './lib/constructor.js'

export const DynamoDbPersistence = constructor.defineConstructor(() => import('yjs'))
export const { PersistenceError, PREFERRED_TRIM_SIZE, getDynamoDbUpdates } = DynamoDbPersistence
export default DynamoDbPersistence
