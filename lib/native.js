'use strict'

/**
 * Loads the native addon: the binary built in the top folder of a clone or, if there is none, that of the platform package
 * that npm installed. Downloads nothing.
 *
 * Each binary has a literal `require`, because bundlers and tracers find a file by nothing else. Each is directly inside a
 * `try`, because bundlers accept a missing file only there.
 */

const { createRequire } = require('node:module')
const { version } = require('../package.json')
const { isBundled } = require('./bundled.js')

const PLATFORMS = [
  'linux-x64-gnu',
  'linux-x64-musl',
  'linux-arm64-gnu',
  'linux-arm64-musl',
  'darwin-x64',
  'darwin-arm64',
  'win32-x64-msvc'
]

/**
 * The platforms whose binary may fit. musl precedes gnu: its binary never loads in a process with glibc, but gcompat loads
 * gnu's in a process with musl, which may then crash.
 */
function candidates() {
  const { platform, arch } = process
  if (platform === 'win32') return [`win32-${arch}-msvc`]
  return platform === 'linux' ? [`linux-${arch}-musl`, `linux-${arch}-gnu`] : [`${platform}-${arch}`]
}

function fromClone(platform, failed) {
  try {
    switch (platform) {
      case 'linux-x64-gnu':
        return require('../y-dynamodb.linux-x64-gnu.node')
      case 'linux-x64-musl':
        return require('../y-dynamodb.linux-x64-musl.node')
      case 'linux-arm64-gnu':
        return require('../y-dynamodb.linux-arm64-gnu.node')
      case 'linux-arm64-musl':
        return require('../y-dynamodb.linux-arm64-musl.node')
      case 'darwin-x64':
        return require('../y-dynamodb.darwin-x64.node')
      case 'darwin-arm64':
        return require('../y-dynamodb.darwin-arm64.node')
      case 'win32-x64-msvc':
        return require('../y-dynamodb.win32-x64-msvc.node')
      default:
        // A platform without a package: no bundler has to find its binary.
        return createRequire(__filename)(`../y-dynamodb.${platform}.node`)
    }
  } catch (error) {
    failed(`../y-dynamodb.${platform}.node`, error)
  }
}

function fromPackage(platform, failed) {
  try {
    switch (platform) {
      case 'linux-x64-gnu':
        return require('@y-dynamodb/linux-x64-gnu')
      case 'linux-x64-musl':
        return require('@y-dynamodb/linux-x64-musl')
      case 'linux-arm64-gnu':
        return require('@y-dynamodb/linux-arm64-gnu')
      case 'linux-arm64-musl':
        return require('@y-dynamodb/linux-arm64-musl')
      case 'darwin-x64':
        return require('@y-dynamodb/darwin-x64')
      case 'darwin-arm64':
        return require('@y-dynamodb/darwin-arm64')
      case 'win32-x64-msvc':
        return require('@y-dynamodb/win32-x64-msvc')
    }
  } catch (error) {
    failed(`@y-dynamodb/${platform}`, error)
  }
}

function load() {
  const failures = []
  const failed = (request, { code, message }) => {
    const isMissing = code === 'MODULE_NOT_FOUND' && message.includes(request)
    failures.push(`${request}: ${isMissing ? 'not found' : message}`)
  }
  const platforms = candidates()
  for (const from of [fromClone, fromPackage]) {
    for (const platform of platforms) {
      const addon = from(platform, failed)
      if (addon !== undefined) return addon
    }
  }
  throw new Error(
    [
      `y-dynamodb ${version}: the native addon cannot be loaded. ${advice(platforms.at(-1))}`,
      ...failures
    ].join('\n  ')
  )
}

function advice(platform) {
  if (!PLATFORMS.includes(platform))
    return `There is no binary for ${platform}, only for ${PLATFORMS.join(', ')}. Build it in a clone of the repository: npm run build.`
  if (isBundled)
    return 'A bundler packed the JavaScript without the binary: mark y-dynamodb and yjs as external (docs/BUNDLERS.md).'
  if (process.versions.deno !== undefined)
    return 'Deno needs --allow-ffi, --allow-env and a node_modules folder (docs/RUNTIMES.md).'
  return 'Install again with optional dependencies (npm install --include=optional), or build it in a clone of the repository: npm run build. If a bundler copied this folder, mark y-dynamodb and yjs as external (docs/BUNDLERS.md).'
}

module.exports = load()
