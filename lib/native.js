'use strict'

/**
 * Loads the native addon: the binary built in the top folder of a clone or, if there is none, that of the platform package
 * that npm installed. Downloads nothing.
 *
 * Each binary has a literal `require`, because bundlers and tracers find a file by nothing else. Each is directly inside a
 * `try`, because bundlers accept a missing file only there.
 */

const fs = require('node:fs')
const { createRequire } = require('node:module')
const path = require('node:path')
const { version, homepage } = require('../package.json')
const { isBundled, isSingleExecutable } = require('./bundled.js')

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
  let isFound = false
  const failed = (request, { code, message }) => {
    const isMissing = code === 'MODULE_NOT_FOUND' && message.includes(request)
    isFound ||= !isMissing
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
      `y-dynamodb ${version}: the native addon cannot be loaded. ${advice(platforms.at(-1), isFound)}`,
      ...failures
    ].join('\n  ')
  )
}

/** @param isFound whether a binary is there and does not load */
function advice(platform, isFound) {
  if (!PLATFORMS.includes(platform))
    return `There is no binary for ${platform}, only for ${PLATFORMS.join(', ')}. Build it from the sources: ${homepage}`
  if (isSingleExecutable)
    return 'A single executable needs the binary beside it, and a require that finds it (docs/BUNDLERS.md, Single executables).'
  if (isBundled)
    return 'A bundler packed the JavaScript without the binary: mark y-dynamodb and yjs as external (docs/BUNDLERS.md).'
  if (process.versions.deno !== undefined)
    return 'Deno needs --allow-ffi, --allow-env and a node_modules folder (docs/RUNTIMES.md).'
  if (isFound)
    return 'A binary is installed, but does not load on this system (docs/ERRORS.md, Installation):'
  const others = installedPlatforms()
  if (others.length > 0)
    return `Installed is the binary for ${others.join(', ')} only: install on the system that runs the program, or name it with --os, --cpu and --libc (docs/RUNTIMES.md).`
  return 'Optional dependencies were left out: install again with npm install --include=optional. If a bundler copied this folder, mark y-dynamodb and yjs as external (docs/BUNDLERS.md).'
}

/** The platforms whose packages are installed beside this one, or above it. */
function installedPlatforms() {
  const found = (module.paths ?? []).flatMap(folder => {
    try {
      return fs.readdirSync(path.join(folder, '@y-dynamodb'))
    } catch {
      return []
    }
  })
  return PLATFORMS.filter(platform => found.includes(platform))
}

module.exports = load()
