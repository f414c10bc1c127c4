// Imports by name from CommonJS, as TypeScript and Babel users write them; checked by tsc, never run.
import { DynamoDbPersistence, PersistenceError } from 'y-dynamodb'
import type { Config } from 'y-dynamodb'

const config: Config = { tableName: 'docs' }
export const persistence: DynamoDbPersistence = DynamoDbPersistence(config)
export const isOurs = (error: unknown): error is PersistenceError => error instanceof PersistenceError
