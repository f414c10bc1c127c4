'use strict'

/** Preloaded: makes the package that MISSING_PACKAGE names impossible to load, as if it was not installed. */

const Module = require('node:module')

const resolve = Module._resolveFilename
Module._resolveFilename = (request, ...rest) => {
  if (request !== process.env.MISSING_PACKAGE) return resolve(request, ...rest)
  throw Object.assign(new Error(`Cannot find module '${request}'`), { code: 'MODULE_NOT_FOUND' })
}
