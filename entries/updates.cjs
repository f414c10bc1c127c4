'use strict'

module.exports = require('../lib/updates.js')
