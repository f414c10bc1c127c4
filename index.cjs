'use strict'

const { defineConstructor } = require('./lib/constructor.js')

module.exports = defineConstructor(() => require('yjs'))
