/** The page about the platforms, and those checks of `scripts/prove.mjs` and `scripts/build.mjs` that need no build. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { MAX_BYTES, MIN_GLIBC, requireMinGlibc, requireNoPaths, requireSize } from '../../scripts/build.mjs'
import { PLATFORMS } from '../../scripts/platforms.mjs'
import { requireMovable } from '../../scripts/prove/mach-o.mjs'
import { requireInstalled } from '../../scripts/prove/packages.mjs'
import { formatted } from '../../scripts/prove/page.mjs'
import { Results } from '../../scripts/prove/results.mjs'
import { PROOFS, VERSIONS } from '../../scripts/prove/targets.mjs'
import { ROOT } from '../../scripts/tools.mjs'

test('docs/PLATFORMS.md says what the scripts and the workflows do', async () => {
  const page = fs.readFileSync(path.join(ROOT, 'docs', 'PLATFORMS.md'), 'utf8')
  assert.equal(page, await formatted(), 'run node scripts/prove.mjs --write')
})

test('every platform has a proof', () => assert.deepEqual(Object.keys(PROOFS), Object.keys(PLATFORMS)))

for (const platform of ['darwin-x64', 'darwin-arm64'])
  test(`the oldest macOS of ${platform} is that of Rust`, () => {
    const args = ['--print', 'deployment-target', '--target', PLATFORMS[platform].target]
    const { stdout } = spawnSync('rustc', args, { cwd: ROOT, encoding: 'utf8' })
    assert.equal(PROOFS[platform].oldest, `macOS ${stdout.trim().split('=').at(-1)}`)
  })

test('the release workflow links with the zig of the proofs', () => {
  const workflow = fs.readFileSync(path.join(ROOT, '.github', 'workflows', 'release.yml'), 'utf8')
  const { zig, zigbuild } = VERSIONS
  assert(workflow.includes(`ziglang==${zig} cargo-zigbuild==${zigbuild}\n`))
})

test('npm must install the package of the platform and no other', () => {
  requireInstalled(['a'], ['a'])
  requireInstalled([], [])
  for (const found of [[], ['b'], ['a', 'b']]) assert.throws(() => requireInstalled(found, ['a']), /npm/)
  assert.throws(() => requireInstalled(['a'], []), /npm/)
})

describe('a published binary', () => {
  let file

  beforeEach(() => {
    file = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'y-dynamodb-binary-')), 'addon.node')
  })

  afterEach(() => fs.rmSync(path.dirname(file), { recursive: true }))

  test('needs no newer glibc', () => {
    fs.writeFileSync(file, `\0GLIBC_2.2.5\0GLIBC_${MIN_GLIBC}\0`)
    requireMinGlibc(file)
    fs.appendFileSync(file, '\0GLIBC_2.18\0')
    assert.throws(() => requireMinGlibc(file), /2\.18/)
    fs.writeFileSync(file, 'no symbols of glibc')
    assert.throws(() => requireMinGlibc(file), /glibc/)
  })

  test('contains no path of the machine', () => {
    fs.writeFileSync(file, 'cargo/registry/src/lib.rs y-dynamodb/src/lib.rs')
    requireNoPaths(file)
    for (const folder of [ROOT, os.homedir()]) {
      fs.writeFileSync(file, `panicked at ${path.join(folder, 'lib.rs')}`)
      assert.throws(() => requireNoPaths(file), /path/)
    }
  })

  test('has a size', () => {
    fs.writeFileSync(file, '')
    fs.truncateSync(file, MAX_BYTES)
    requireSize(file)
    fs.truncateSync(file, MAX_BYTES + 1)
    assert.throws(() => requireSize(file), /12,000,001/)
  })
})

describe('a library of macOS', () => {
  const ID = 0x0d
  const LOAD = 0x0c
  const RPATH = 0x8000001c
  const ARM64 = 0x0100000c
  const GOOD = [
    [ID, '@rpath/y-dynamodb.node'],
    [LOAD, '/usr/lib/libSystem.B.dylib'],
    [LOAD, '/System/Library/Frameworks/Security.framework/Versions/A/Security']
  ]
  let folder

  beforeEach(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'y-dynamodb-mach-o-'))
  })

  afterEach(() => fs.rmSync(folder, { recursive: true }))

  const command = ([type, text]) => {
    const bytes = Buffer.alloc(24 + Math.ceil((text.length + 1) / 8) * 8)
    for (const [i, word] of [type, bytes.length, 24].entries()) bytes.writeUInt32LE(word, 4 * i)
    bytes.write(text, 24)
    return bytes
  }

  const library = (commands, cpu = ARM64) => {
    const header = Buffer.alloc(32)
    for (const [i, word] of [0xfeedfacf, cpu, 0, 6, commands.length].entries())
      header.writeUInt32LE(word, 4 * i)
    const file = path.join(folder, 'library.node')
    fs.writeFileSync(file, Buffer.concat([header, ...commands.map(command)]))
    return file
  }

  test('with a relative name that loads the libraries of macOS is accepted', () => {
    assert.match(requireMovable(library(GOOD), 'arm64'), /libSystem/)
  })

  for (const [what, commands, reason] of [
    ['an absolute name', [[ID, '/home/me/target/liby.dylib'], ...GOOD.slice(1)], /install name/],
    ['no name', GOOD.slice(1), /install name/],
    ['a foreign library', [...GOOD, [LOAD, '/opt/homebrew/lib/libssl.dylib']], /homebrew/],
    ['a library without a folder', [...GOOD, [LOAD, '@rpath/libother.dylib']], /libother/],
    ['a folder to search', [...GOOD, [RPATH, '/home/me/lib']], /searches/]
  ])
    test(`with ${what} is refused`, () =>
      assert.throws(() => requireMovable(library(commands), 'arm64'), reason))

  test('for another processor is refused', () => {
    assert.throws(() => requireMovable(library(GOOD), 'x64'), /arm64/)
    assert.throws(() => requireMovable(library(GOOD, 7), 'arm64'), /processor|arm64/)
  })

  test('must be one', () => {
    const file = path.join(folder, 'text.node')
    fs.writeFileSync(file, 'in place of a library of macOS, but longer than its header')
    assert.throws(() => requireMovable(file, 'arm64'), /no 64-bit library/)
  })
})

describe('the results', () => {
  const silent = (t, work) => {
    t.mock.method(process.stdout, 'write', () => true)
    return work()
  }

  test('are good if every step succeeded', t =>
    silent(t, async () => {
      const results = new Results()
      assert.equal(await results.of('a', 'build', async () => 'built'), true)
      assert.equal(results.report(), true)
    }))

  test('are bad if a step failed, or if there was none', t =>
    silent(t, async () => {
      const results = new Results()
      assert.equal(results.report(), false)
      await results.of('a', 'build', async () => 'built')
      const failure = results.of('a', 'run', () => Promise.reject(new Error('no such file')))
      assert.equal(await failure, false)
      assert.equal(results.report(), false)
    }))
})
