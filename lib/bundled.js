'use strict'

/** Whether a bundler packed the package into one file with other code. A bundle has no `__filename`, or its own. */
const isBundled = typeof __filename === 'undefined' || !/[\\/]lib[\\/]bundled\.js$/.test(__filename)

/** Whether a bundle is the main script of a Node.js single executable. Node 20.16 and newer tell. */
const isSingleExecutable = isBundled && process.getBuiltinModule?.('node:sea')?.isSea() === true

module.exports = { isBundled, isSingleExecutable }
