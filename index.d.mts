import DynamoDbPersistence from './index.js'

export default DynamoDbPersistence
export { DynamoDbPersistence }

export declare const PersistenceError: DynamoDbPersistence.PersistenceErrorConstructor
export type PersistenceError = DynamoDbPersistence.PersistenceError

export declare const PREFERRED_TRIM_SIZE: 500
export declare const getDynamoDbUpdates: typeof DynamoDbPersistence.getDynamoDbUpdates
