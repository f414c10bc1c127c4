'use strict'

const { defineExtension } = require('../lib/hocuspocus.js')
const DynamoDbPersistence = require('../index.cjs')

module.exports = { DynamoDB: defineExtension(DynamoDbPersistence) }
