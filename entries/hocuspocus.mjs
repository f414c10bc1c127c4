import hocuspocus from '../lib/hocuspocus.js'
import DynamoDbPersistence from '../index.mjs'

export const DynamoDB = hocuspocus.defineExtension(DynamoDbPersistence)
