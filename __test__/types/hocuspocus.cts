// The extension for Hocuspocus from CommonJS. tsc checks it; it never runs.
import { DynamoDB } from 'y-dynamodb/hocuspocus'

const options: ConstructorParameters<typeof DynamoDB>[0] = { tableName: 'docs' }
export const extension: DynamoDB = new DynamoDB(options)
