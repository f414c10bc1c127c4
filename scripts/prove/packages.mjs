/**
 * Installs the package with npm for every platform, from a registry that has the packages of all seven, and checks that npm
 * takes the right one.
 */
import fs from 'node:fs'
import path from 'node:path'
import { pack } from '../pack.mjs'
import { PLATFORMS, addonName, packageName } from '../platforms.mjs'
import { ROOT, npmCommand } from '../tools.mjs'
import { startRegistry } from './registry.mjs'
import { run, succeed } from '../quiet.mjs'

const SCOPE = path.dirname(packageName('x'))
const INSTALL = [
  'install',
  '--no-audit',
  '--no-fund',
  '--ignore-scripts',
  '--prefer-online',
  '--loglevel=error'
]
/** What npm installs with the package. They come from the `node_modules` of the repository. */
const DEPENDENCIES = ['yjs', 'lib0', 'isomorphic.js']
const LOAD = `for (const [name, value] of Object.entries(JSON.parse(process.argv[1])))
  Object.defineProperty(process, name, { value })
require('y-dynamodb')`

const npm = (args, options) => succeed(...npmCommand(args), options)

/**
 * Packs the JavaScript and all platforms, and starts a registry that has these packages. What npm chooses does not depend on
 * the binaries: the packages contain a text in their place. Resolves with the registry.
 */
export const publish = async folder => {
  const addons = path.join(folder, 'addons')
  const packed = path.join(folder, 'packed')
  for (const each of [addons, packed]) fs.mkdirSync(each, { recursive: true })
  for (const name of Object.keys(PLATFORMS).map(addonName))
    fs.writeFileSync(path.join(addons, name), `in place of ${name}`)
  const { main, platforms } = pack(packed, { addons })
  const folders = DEPENDENCIES.map(name => path.join(ROOT, 'node_modules', name))
  const dependencies = await npm(['pack', '--silent', '--ignore-scripts', ...folders], { cwd: packed })
  const files = dependencies.trim().split('\n')
  return startRegistry([...files.map(name => path.join(packed, name)), main, ...Object.values(platforms)])
}

/** Installs the package as on that system. Resolves with the installed packages of platforms. */
const install = async (folder, url, { os, cpu, libc }) => {
  fs.mkdirSync(folder, { recursive: true })
  fs.writeFileSync(path.join(folder, 'package.json'), JSON.stringify({ name: 'installed', private: true }))
  const system = [`--os=${os}`, `--cpu=${cpu}`, ...(libc ? [`--libc=${libc}`] : [])]
  const options = [`--registry=${url}`, `--cache=${path.join(folder, '..', 'npm-cache')}`, ...system]
  await npm([...INSTALL, ...options, 'y-dynamodb', 'yjs'], { cwd: folder, env: { no_proxy: '127.0.0.1' } })
  const scope = path.join(folder, 'node_modules', SCOPE)
  return fs.existsSync(scope) ? fs.readdirSync(scope).map(name => `${SCOPE}/${name}`) : []
}

/** @throws {Error} if npm installed other packages than expected */
export const requireInstalled = (found, expected) => {
  if (found.join() !== expected.join())
    throw new Error(`npm installed ${found.join(', ') || 'no binary'}, not ${expected.join(', ') || 'none'}`)
}

/** Installs the package for a platform. @throws {Error} if npm installs anything but the package of this platform */
export const installFor = async (folder, url, platform) => {
  requireInstalled(await install(folder, url, PLATFORMS[platform]), [packageName(platform)])
  return `npm installs ${packageName(platform)} and no other`
}

/**
 * Installs the package on a system without a binary, and loads it there.
 *
 * @throws {Error} if npm installs a binary, or if the message does not name all platforms
 */
export const installUnsupported = async (folder, url, system) => {
  requireInstalled(await install(folder, url, system), [])
  const fake = JSON.stringify({ platform: system.os, arch: system.cpu })
  const { code, err } = await run(process.execPath, ['-e', LOAD, fake], { cwd: folder })
  const expected = [`no binary for ${system.os}-${system.cpu}`, ...Object.keys(PLATFORMS)]
  const missing = expected.filter(text => !err.includes(text))
  if (code === 0 || missing.length > 0)
    throw new Error(`the message does not contain ${missing.join(', ')}:\n${err}`)
  return 'npm installs no binary; the message names the seven platforms'
}
