/**
 * Builds the addon with cargo and puts it where `lib/native.js` finds it: `y-dynamodb.<platform>.node` in the top folder.
 *
 * node scripts/build.mjs [--release] [--test-hooks] [--target TRIPLE] [--zig]
 *
 * --release     optimised, as published (cold: about ten CPU minutes); without it the quick development build
 * --test-hooks  with the faults that the tests provoke; never together with --release
 * --target      cross build for a Rust target, e.g. aarch64-unknown-linux-musl
 * --zig         link with cargo-zigbuild, which sets an old glibc as the floor (2.17)
 */
import { spawn } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { ROOT, fail } from './machine.mjs'
import { PLATFORMS, addonName, ownPlatform } from './platforms.mjs'

const GLIBC_FLOOR = '2.17'
// A shared C library with musl, which cdylibs need; none on Windows, where it is not part of the system.
const TARGET_FEATURES = { musl: '-crt-static', msvc: '+crt-static' }

const platformOf = target => {
  const names = Object.keys(PLATFORMS)
  return (
    names.find(name => PLATFORMS[name].target === target)
    ?? fail(`unknown target ${target}; known: ${names.map(name => PLATFORMS[name].target).join(', ')}`)
  )
}

const cargo = (args, env) =>
  new Promise((resolve, reject) => {
    const child = spawn('cargo', args, { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'inherit'] })
    let out = ''
    child.stdout.setEncoding('utf8').on('data', text => {
      out += text
    })
    child.on('error', reject)
    child.on('close', code =>
      code === 0 ? resolve(out) : reject(new Error(`cargo ended with code ${code}`))
    )
  })

/** The library that cargo has just made, from its messages: no guess at the target folder. */
const libraryIn = messages => {
  for (const line of messages.split('\n')) {
    if (!line.startsWith('{')) continue
    const { reason, target, filenames } = JSON.parse(line)
    if (reason !== 'compiler-artifact' || !target.kind.includes('cdylib')) continue
    const file = filenames.find(name => /\.(so|dylib|dll)$/.test(name))
    if (file && target.name === 'y_dynamodb') return file
  }
  throw new Error('cargo made no dynamic library')
}

/** The versions of glibc whose symbols a binary asks for; the newest last. */
export const glibcsOf = file =>
  [...fs.readFileSync(file, 'latin1').matchAll(/\0GLIBC_(\d+\.\d+)(?=[.\d]*\0)/g)]
    .map(found => found[1])
    .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))

const requireGlibcFloor = file => {
  const newest = glibcsOf(file).at(-1)
  const isWithin = newest !== undefined && newest.localeCompare(GLIBC_FLOOR, 'en', { numeric: true }) <= 0
  if (!isWithin) throw new Error(`the binary needs glibc ${newest}; ${GLIBC_FLOOR} is what is promised`)
}

/** A published binary says nothing of the machine that it was built on. */
const remapped = () =>
  [
    [process.env.CARGO_HOME ?? path.join(os.homedir(), '.cargo'), 'cargo'],
    [ROOT, 'y-dynamodb']
  ].map(([from, to]) => `--remap-path-prefix=${from}=${to}`)

const requireNoPaths = file => {
  const text = fs.readFileSync(file, 'latin1')
  const found = [os.homedir(), ROOT].find(folder => text.includes(`${folder}${path.sep}`))
  if (found) throw new Error(`the binary names ${found}, a folder of this machine`)
}

/** Builds; returns the path of the addon. */
export const build = async ({ release = false, testHooks = false, target, zig = false } = {}) => {
  if (release && testHooks) throw new Error('test hooks are never part of a release build')
  const platform = target ? platformOf(target) : ownPlatform()
  const args = [zig ? 'zigbuild' : 'build', '--lib', '--locked', '--message-format=json-render-diagnostics']
  if (release) args.push('--release')
  if (testHooks) args.push('--features', 'test-hooks')
  if (target) args.push('--target', zig && target.endsWith('-gnu') ? `${target}.${GLIBC_FLOOR}` : target)
  const env = { ...process.env }
  const features = TARGET_FEATURES[platform.split('-').at(-1)]
  const flags = env.RUSTFLAGS?.split(' ').filter(Boolean) ?? []
  if (features) flags.push(`-Ctarget-feature=${features}`)
  if (release) flags.push(...remapped())
  if (flags.some(flag => flag.includes(' '))) env.CARGO_ENCODED_RUSTFLAGS = flags.join('\x1f')
  else if (flags.length > 0) env.RUSTFLAGS = flags.join(' ')
  const library = libraryIn(await cargo(args, env))
  if (release) requireNoPaths(library)
  if (zig && platform.endsWith('-gnu')) requireGlibcFloor(library)
  const addon = path.join(ROOT, addonName(platform))
  // A process that has the old file loaded keeps it: the new one takes its name instead of being written over it.
  const fresh = `${addon}.${process.pid}`
  fs.copyFileSync(library, fresh)
  fs.renameSync(fresh, addon)
  return addon
}

if (process.argv[1] && path.resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({
    options: {
      'release': { type: 'boolean' },
      'test-hooks': { type: 'boolean' },
      'target': { type: 'string' },
      'zig': { type: 'boolean' }
    }
  })
  try {
    const addon = await build({ ...values, testHooks: values['test-hooks'] })
    process.stdout.write(
      `built ${path.relative(ROOT, addon)} (${fs.statSync(addon).size.toLocaleString('en')} bytes)\n`
    )
  } catch (error) {
    fail(error.message)
  }
}
