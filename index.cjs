'use strict'

const { define } = require('./lib/persistence.js')

module.exports = define(() => require('yjs'))
