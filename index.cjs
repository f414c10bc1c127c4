'use strict'

const { define } = require('./persistence.js')

module.exports = define(() => require('yjs'))
