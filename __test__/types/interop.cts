// Named imports in CommonJS, as TypeScript and Babel users write them. tsc checks it; it never runs.
import { DynamoDbPersistence, PersistenceError } from 'y-dynamodb'
import type { Config } from 'y-dynamodb'

const config: Config = { tableName: 'docs' }
export const persistence: DynamoDbPersistence = DynamoDbPersistence(config)
export const isOurs = (error: unknown): error is PersistenceError => error instanceof PersistenceError
