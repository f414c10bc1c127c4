'use strict'

/**
 * Loads the native addon: the binary built in this folder, else the one of the platform package that npm installed.
 * Nothing else is looked for, and nothing is downloaded.
 */

const { version } = require('./package.json')

/** Platforms with a binary: the suffix of the file's and of the package's name. */
const TRIPLES = [
  'linux-x64-gnu',
  'linux-x64-musl',
  'linux-arm64-gnu',
  'linux-arm64-musl',
  'darwin-x64',
  'darwin-arm64',
  'win32-x64-msvc'
]

function triple () {
  const { platform, arch } = process
  if (platform === 'linux') return `linux-${arch}-${isMusl() ? 'musl' : 'gnu'}`
  if (platform === 'win32') return `win32-${arch}-msvc`
  return `${platform}-${arch}`
}

/** Node reports the version of glibc it runs on, and none under musl. */
function isMusl () {
  const { header } = process.report.getReport()
  return header.glibcVersionRuntime === undefined
}

function isMissing (error, request) {
  return error.code === 'MODULE_NOT_FOUND' && error.message.includes(request)
}

function load () {
  const suffix = triple()
  const failures = []
  for (const request of [`./y-dynamodb.${suffix}.node`, `y-dynamodb-${suffix}`]) {
    try {
      return require(request)
    } catch (error) {
      failures.push(isMissing(error, request) ? `${request}: not found` : `${request}: ${error.message}`)
    }
  }
  const advice = TRIPLES.includes(suffix)
    ? `Install again with optional dependencies (npm install --include=optional), or build from source: npm run build.`
    : `There is no binary for ${suffix}, only for ${TRIPLES.join(', ')}. Build from source: npm run build.`
  throw new Error(`y-dynamodb ${version}: the native addon cannot be loaded. ${advice}\n  ${failures.join('\n  ')}`)
}

module.exports = load()
