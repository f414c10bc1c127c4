// The same from CommonJS; checked by tsc, never run.
import { DynamoDB } from 'y-dynamodb/hocuspocus'

const options: ConstructorParameters<typeof DynamoDB>[0] = { tableName: 'docs' }
export const extension: DynamoDB = new DynamoDB(options)
