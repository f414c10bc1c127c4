'use strict'

const { define } = require('./lib/entry.js')

module.exports = define(() => require('yjs'))
