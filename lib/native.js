'use strict'

/**
 * Loads the native addon: the binary built in the top folder or, if there is none, that of the platform package that npm
 * installed. Downloads nothing.
 */

const { readFileSync } = require('node:fs')
const { version } = require('../package.json')

/** Platforms with a binary, as suffixes of the names of the file and the package. */
const TRIPLES = [
  'linux-x64-gnu',
  'linux-x64-musl',
  'linux-arm64-gnu',
  'linux-arm64-musl',
  'darwin-x64',
  'darwin-arm64',
  'win32-x64-msvc'
]

/** The suffixes that may fit this platform, the most likely first. */
function candidates() {
  const { platform, arch } = process
  if (platform === 'win32') return [`win32-${arch}-msvc`]
  if (platform !== 'linux') return [`${platform}-${arch}`]
  const abis = isMusl() ? ['musl', 'gnu'] : ['gnu', 'musl']
  return abis.map(abi => `linux-${arch}-${abi}`)
}

function isMusl() {
  try {
    return readFileSync('/usr/bin/ldd', 'utf8').includes('musl')
  } catch {
    return glibcVersion() === undefined
  }
}

/** The report takes tens of milliseconds, and seconds if it resolves the host names of open connections. */
function glibcVersion() {
  const { report } = process
  const { excludeNetwork } = report
  report.excludeNetwork = true
  try {
    return report.getReport().header.glibcVersionRuntime
  } finally {
    report.excludeNetwork = excludeNetwork
  }
}

function isMissing(error, request) {
  return error.code === 'MODULE_NOT_FOUND' && error.message.includes(request)
}

function load() {
  const suffixes = candidates()
  const failures = []
  for (const request of suffixes.flatMap(suffix => [
    `../y-dynamodb.${suffix}.node`,
    `@y-dynamodb/${suffix}`
  ])) {
    try {
      return require(request)
    } catch (error) {
      failures.push(isMissing(error, request) ? `${request}: not found` : `${request}: ${error.message}`)
    }
  }
  const advice = TRIPLES.includes(suffixes[0])
    ? 'Install again with optional dependencies (npm install --include=optional), or build it in a clone of the repository: npm run build.'
    : `There is no binary for ${suffixes[0]}, only for ${TRIPLES.join(', ')}. Build it in a clone of the repository: npm run build.`
  throw new Error(
    `y-dynamodb ${version}: the native addon cannot be loaded. ${advice}\n  ${failures.join('\n  ')}`
  )
}

module.exports = load()
