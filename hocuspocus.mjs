import hocuspocus from './hocuspocus.js'
import DynamoDbPersistence from './index.mjs'

export const DynamoDB = hocuspocus.define(DynamoDbPersistence)
