/**
 * Prepares a fresh clone: checks Node and Rust, installs the npm packages, builds the addon. A step does nothing if its
 * result is up to date.
 */
import fs from 'node:fs'
import path from 'node:path'
import { build } from './build.mjs'
import { ROOT, fail, npm, requireTools } from './tools.mjs'

const isInstalled = () => {
  const time = name => fs.statSync(path.join(ROOT, name), { throwIfNoEntry: false })?.mtimeMs ?? 0
  return time('node_modules/.package-lock.json') >= Math.max(time('package-lock.json'), time('package.json'))
}

/** Installs the npm packages if they are missing or older than the lock file. Their install scripts do not run. */
export const install = async () => {
  requireTools()
  if (isInstalled()) return
  process.stdout.write('Installing the npm packages …\n')
  if ((await npm(['ci', '--ignore-scripts', '--loglevel=error'])) !== 0) fail('npm ci failed: see above.')
}

/** Builds the addon. Cargo rebuilds only what changed. */
export const buildAddon = async options => {
  process.stdout.write('Building the addon (the first time takes some minutes) …\n')
  try {
    return await build(options)
  } catch (error) {
    fail(`${error.message}: see above.`)
  }
}
