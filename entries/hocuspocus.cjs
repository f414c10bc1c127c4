'use strict'

const { define } = require('../lib/hocuspocus.js')
const DynamoDbPersistence = require('../index.cjs')

module.exports = { DynamoDB: define(DynamoDbPersistence) }
