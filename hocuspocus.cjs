'use strict'

const { define } = require('./hocuspocus.js')
const DynamoDbPersistence = require('./index.cjs')

module.exports = { DynamoDB: define(DynamoDbPersistence) }
