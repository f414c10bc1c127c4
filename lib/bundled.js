'use strict'

/** Whether a bundler packed the package into one file with other code. A bundle has no `__filename`, or its own. */
const isBundled = typeof __filename === 'undefined' || !/[\\/]lib[\\/]bundled\.js$/.test(__filename)

module.exports = { isBundled }
