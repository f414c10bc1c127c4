// The extension for Hocuspocus. tsc checks it; it never runs.
import type { Extension } from '@hocuspocus/server'
import DynamoDbPersistence from 'y-dynamodb'
import { DynamoDB } from 'y-dynamodb/hocuspocus'

const persistence = DynamoDbPersistence({ tableName: 'docs' })
export const extensions: Extension[] = [new DynamoDB({ persistence }), new DynamoDB({ tableName: 'docs', gc: false })]
export const its: DynamoDbPersistence = new DynamoDB({ persistence }).persistence

// @ts-expect-error: no table, no persistence
new DynamoDB({})
// @ts-expect-error: not an option
new DynamoDB({ tableName: 'docs', tabelName: 'docs' })
