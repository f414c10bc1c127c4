/** How `lib/native.js` finds the binary, with JavaScript in place of the binaries and packages. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { PLATFORMS, addonName, packageName, platformManifest, tarballName } from '../../scripts/platforms.mjs'
import { ROOT } from '../../scripts/tools.mjs'

const MANIFEST = JSON.parse(fs.readFileSync(path.join(ROOT, 'package.json'), 'utf8'))

/** Runs in place of a program: pretends to be another platform, and prints the addon or the message. */
const LOAD = `
  const [file, platform, arch] = process.argv.slice(-3)
  Object.defineProperties(process, { platform: { value: platform }, arch: { value: arch } })
  require.extensions['.node'] = require.extensions['.js']
  try { console.log(require(file)) } catch (error) { console.log(error.message) }`

/** A folder with `lib/native.js`. `files` maps a path to the JavaScript of a file; `lib` can have another name. */
const layout = (t, files, lib = 'lib') => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'y-dynamodb-native-'))
  t.after(() => fs.rmSync(folder, { recursive: true }))
  const all = {
    'package.json': JSON.stringify(MANIFEST),
    [`${lib}/native.js`]: fs.readFileSync(path.join(ROOT, 'lib', 'native.js')),
    [`${lib}/bundled.js`]: fs.readFileSync(path.join(ROOT, 'lib', 'bundled.js')),
    ...files
  }
  for (const [name, content] of Object.entries(all)) {
    fs.mkdirSync(path.dirname(path.join(folder, name)), { recursive: true })
    fs.writeFileSync(path.join(folder, name), content)
  }
  return (platform, arch) =>
    execFileSync(process.execPath, ['-e', LOAD, path.join(folder, lib, 'native.js'), platform, arch], {
      encoding: 'utf8'
    }).trim()
}

const exporting = text => `module.exports = ${JSON.stringify(text)}`
const FAILING = "throw new Error('libc.so: cannot open shared object file')"

const installed = (platform, content = exporting(packageName(platform))) => {
  const folder = path.join('node_modules', packageName(platform))
  return {
    [path.join(folder, 'package.json')]: JSON.stringify(platformManifest(platform, MANIFEST)),
    [path.join(folder, addonName(platform))]: content
  }
}

for (const [platform, { os, cpu }] of Object.entries(PLATFORMS)) {
  test(`${platform}: the installed package is loaded`, t => {
    assert.equal(layout(t, installed(platform))(os, cpu), packageName(platform))
  })

  test(`${platform}: the binary of a clone comes before the installed package`, t => {
    const load = layout(t, { ...installed(platform), [addonName(platform)]: exporting('built here') })
    assert.equal(load(os, cpu), 'built here')
  })
}

test('with both packages for Linux, the one that loads is used, and musl is tried first', t => {
  const both = { ...installed('linux-x64-gnu'), ...installed('linux-x64-musl') }
  assert.equal(layout(t, both)('linux', 'x64'), '@y-dynamodb/linux-x64-musl')
  const onGlibc = { ...both, ...installed('linux-x64-musl', FAILING) }
  assert.equal(layout(t, onGlibc)('linux', 'x64'), '@y-dynamodb/linux-x64-gnu')
})

test('the message without any binary says that optional dependencies were left out', t => {
  const message = layout(t, {})('linux', 'x64')
  assert.match(message, /npm install --include=optional/)
  assert.match(message, /^ {2}@y-dynamodb\/linux-x64-gnu: not found$/m)
})

test('the message with the binaries of other platforms names these', t => {
  const others = { ...installed('darwin-arm64'), ...installed('linux-arm64-musl') }
  const message = layout(t, others)('linux', 'x64')
  assert.match(message, /for linux-arm64-musl, darwin-arm64 only.* --os, --cpu and --libc/)
  assert.doesNotMatch(message, /--include=optional/)
})

test('a binary that is missing, and one that does not load, are told apart', t => {
  const message = layout(t, installed('linux-x64-gnu', FAILING))('linux', 'x64')
  assert.match(message, /does not load on this system/)
  assert.doesNotMatch(message, /npm install/)
  assert.match(message, /^ {2}@y-dynamodb\/linux-x64-musl: not found$/m)
  assert.match(message, /^ {2}@y-dynamodb\/linux-x64-gnu: libc\.so: cannot open/m)
})

test('the message on another platform names the supported ones', t => {
  for (const [platform, arch] of [
    ['linux', 'riscv64'],
    ['freebsd', 'x64'],
    ['win32', 'arm64']
  ]) {
    const message = layout(t, {})(platform, arch)
    assert.match(message, new RegExp(`no binary for ${platform}-${arch}`))
    assert(message.includes(MANIFEST.homepage))
    for (const supported of Object.keys(PLATFORMS)) assert(message.includes(supported), supported)
  }
})

test('on another platform, the binary of a clone is loaded', t => {
  const load = layout(t, { [addonName('linux-riscv64-gnu')]: exporting('built here') })
  assert.equal(load('linux', 'riscv64'), 'built here')
})

test('the message in a bundle names the option of the bundler', t => {
  const message = layout(t, {}, 'dist')('linux', 'x64')
  assert.match(message, /mark y-dynamodb and yjs as external/)
  assert.doesNotMatch(message, /install/i)
})

test('every binary is required literally, and directly inside a try', () => {
  const source = fs.readFileSync(path.join(ROOT, 'lib', 'native.js'), 'utf8')
  for (const platform of Object.keys(PLATFORMS)) {
    for (const request of [`../${addonName(platform)}`, packageName(platform)])
      assert(source.includes(`return require('${request}')`), request)
  }
  const others = ['node:fs', 'node:module', 'node:path', '../package.json', './bundled.js']
  assert.equal(source.match(/require\('/g).length, 2 * Object.keys(PLATFORMS).length + others.length)
})

test('the package of a platform has the version of the JavaScript package and a scope', () => {
  const { name, version, files, os, cpu, libc } = platformManifest('linux-arm64-musl', MANIFEST)
  assert.deepEqual(
    [name, version, os, cpu, libc],
    ['@y-dynamodb/linux-arm64-musl', MANIFEST.version, ['linux'], ['arm64'], ['musl']]
  )
  assert(files.includes('y-dynamodb.linux-arm64-musl.node'))
  assert.equal(tarballName(name, '1.0.0'), 'y-dynamodb-linux-arm64-musl-1.0.0.tgz')
  assert(!Object.hasOwn(platformManifest('darwin-x64', MANIFEST), 'libc'))
})
