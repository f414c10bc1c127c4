/**
 * Builds the addon with cargo and copies it to the top folder as `y-dynamodb.<platform>.node`, where `lib/native.js` loads it.
 *
 * node scripts/build.mjs [--release] [--test-hooks] [--target TRIPLE] [--zig]
 *
 * --release     optimised, as published (about ten CPU minutes from scratch); the default is a quick development build.
 *               Fails if the binary has more than 12,000,000 bytes, or contains a path of this machine
 * --test-hooks  includes the faults that the tests inject; not allowed with --release
 * --target      cross-compiles for a Rust target, e.g. aarch64-unknown-linux-musl
 * --zig         links with cargo-zigbuild, so that glibc 2.17 is enough
 */
import { spawn } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { ROOT, fail, isMain } from './tools.mjs'
import { PLATFORMS, addonName, ownPlatform } from './platforms.mjs'

export const MIN_GLIBC = '2.17'
/** The limit of a published binary, on every platform. */
export const MAX_BYTES = 12_000_000
// musl: a cdylib must link the C library dynamically. Windows: the C runtime is linked statically, because Windows does not
// include it.
const TARGET_FEATURES = { musl: '-crt-static', msvc: '+crt-static' }

const platformOf = target => {
  const names = Object.keys(PLATFORMS)
  return (
    names.find(name => PLATFORMS[name].target === target)
    ?? fail(`unknown target ${target}; known: ${names.map(name => PLATFORMS[name].target).join(', ')}`)
  )
}

const cargo = (program, args, env) =>
  new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'inherit'] })
    let out = ''
    child.stdout.setEncoding('utf8').on('data', text => {
      out += text
    })
    child.on('error', reject)
    child.on('close', code =>
      code === 0 ? resolve(out) : reject(new Error(`${program} ended with code ${code}`))
    )
  })

/** The path of the library that cargo built. It is read from cargo's messages, because the target folder can be configured. */
export const libraryIn = messages => {
  for (const line of messages.split('\n')) {
    if (!line.startsWith('{')) continue
    const { reason, target, filenames } = JSON.parse(line)
    if (reason !== 'compiler-artifact' || !target.kind.includes('cdylib')) continue
    const file = filenames.find(name => /\.(so|dylib|dll)$/.test(name))
    if (file && target.name === 'y_dynamodb') return file
  }
  throw new Error('cargo built no dynamic library')
}

/** The versions of the glibc symbols that a binary imports, in ascending order. */
export const glibcVersionsOf = file =>
  [...fs.readFileSync(file, 'latin1').matchAll(/\0GLIBC_(\d+\.\d+)(?=[.\d]*\0)/g)]
    .map(found => found[1])
    .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))

/** @throws {Error} if the binary needs a newer glibc */
export const requireMinGlibc = file => {
  const newest = glibcVersionsOf(file).at(-1)
  const isSupported = newest !== undefined && newest.localeCompare(MIN_GLIBC, 'en', { numeric: true }) <= 0
  if (!isSupported) throw new Error(`the binary needs glibc ${newest}, but must run with glibc ${MIN_GLIBC}`)
}

/** Compiler flags that keep the folders of this machine out of a published binary. */
const remapFlags = () =>
  [
    [process.env.CARGO_HOME ?? path.join(os.homedir(), '.cargo'), 'cargo'],
    [ROOT, 'y-dynamodb']
  ].map(([from, to]) => `--remap-path-prefix=${from}=${to}`)

/** @throws {Error} if the binary contains a folder of this machine */
export const requireNoPaths = file => {
  const text = fs.readFileSync(file, 'latin1')
  const found = [os.homedir(), ROOT].find(folder => text.includes(`${folder}${path.sep}`))
  if (found) throw new Error(`the binary contains the path ${found} of this machine`)
}

/** @throws {Error} if the binary is larger than a published one may be */
export const requireSize = file => {
  const { size } = fs.statSync(file)
  if (size > MAX_BYTES)
    throw new Error(
      `the binary has ${size.toLocaleString('en')} bytes; the limit is ${MAX_BYTES.toLocaleString('en')}`
    )
}

/**
 * The arguments of cargo that build as for a release, but take a third of the time: nothing is optimised, also where Cargo.toml
 * says so for development.
 */
export const unoptimized = () => {
  const settings = fs
    .readFileSync(path.join(ROOT, 'Cargo.toml'), 'utf8')
    .match(/^\[profile\.dev\.package\..+\]$/gm)
    .map(section => `${section.slice(1, -1)}.opt-level=0`)
  for (const name of ['debug', 'debug-assertions', 'overflow-checks'])
    settings.push(`profile.dev.${name}=false`)
  settings.push('profile.dev.strip="symbols"')
  return settings.flatMap(setting => ['--config', setting])
}

/**
 * The program and its first arguments. A release builds the dynamic library only: as Cargo.toml also names an rlib, Cargo
 * would leave out link-time optimisation without a warning (rust-lang/cargo#9672).
 */
const commandFor = ({ release, quick, zig }) => {
  if (!release && !quick) return ['cargo', [zig ? 'zigbuild' : 'build', '--lib']]
  const profile = release ? ['--release'] : unoptimized()
  return [zig ? 'cargo-zigbuild' : 'cargo', ['rustc', '--lib', '--crate-type', 'cdylib', ...profile]]
}

/**
 * Builds the addon. Resolves with its path.
 *
 * @param quick as for a release, but without optimisation and without the limit of the size
 * @param out   the folder that it is copied to
 * @param env   further environment variables
 */
export const build = async ({
  release = false,
  quick = false,
  testHooks = false,
  target,
  zig = false,
  out = ROOT,
  env: more = {}
} = {}) => {
  if (release && testHooks) throw new Error('a release build cannot contain the test hooks')
  const platform = target ? platformOf(target) : ownPlatform()
  const [program, command] = commandFor({ release, quick, zig })
  const args = [...command, '--locked', '--message-format=json-render-diagnostics']
  if (testHooks) args.push('--features', 'test-hooks')
  if (target) args.push('--target', zig && target.endsWith('-gnu') ? `${target}.${MIN_GLIBC}` : target)
  const env = { ...process.env, ...more }
  const features = TARGET_FEATURES[platform.split('-').at(-1)]
  const flags = env.RUSTFLAGS?.split(' ').filter(Boolean) ?? []
  if (features) flags.push(`-Ctarget-feature=${features}`)
  if (release || quick) flags.push(...remapFlags())
  if (flags.some(flag => flag.includes(' '))) env.CARGO_ENCODED_RUSTFLAGS = flags.join('\x1f')
  else if (flags.length > 0) env.RUSTFLAGS = flags.join(' ')
  const library = libraryIn(await cargo(program, args, env))
  if (release || quick) requireNoPaths(library)
  if (release) requireSize(library)
  if (zig && platform.endsWith('-gnu')) requireMinGlibc(library)
  const addon = path.join(out, addonName(platform))
  // Renamed and not overwritten: a running process may have the old file mapped.
  const temporary = `${addon}.${process.pid}`
  fs.copyFileSync(library, temporary)
  fs.renameSync(temporary, addon)
  return addon
}

if (isMain(import.meta.url)) {
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
