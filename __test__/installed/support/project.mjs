/** Projects outside the repository in which the packed packages are installed, as a user would. */
import { execFile } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { pack } from '../../../scripts/pack.mjs'
import { addonName, ownPlatform, packageName } from '../../../scripts/platforms.mjs'
import { PACKAGES } from './packages.mjs'

const INSTALL = ['install', '--no-audit', '--no-fund', '--loglevel=error']
/** Many times what any program takes on a busy machine. */
const LIMIT_MS = 5 * 60_000

/** Dummy credentials, so that nothing reaches AWS. */
export const ENV = {
  AWS_ACCESS_KEY_ID: 'test',
  AWS_SECRET_ACCESS_KEY: 'test',
  AWS_REGION: 'us-west-2',
  AWS_EC2_METADATA_DISABLED: 'true'
}

/** A folder that is deleted at exit, or kept with `KEEP=1`. */
export const temporaryFolder = () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'y-dynamodb-installed-'))
  if (process.env.KEEP) process.stdout.write(`${folder} is kept\n`)
  else process.on('exit', () => fs.rmSync(folder, { recursive: true, force: true, maxRetries: 3 }))
  return folder
}

/** Runs a program. Resolves with `{ code, out }`: its exit code, or the signal that ended it, and both outputs. */
export const run = (program, args, { cwd, env = {}, limitMs = LIMIT_MS } = {}) =>
  new Promise(resolve => {
    const options = { cwd, env: { ...process.env, ...ENV, ...env }, timeout: limitMs, maxBuffer: 1 << 28 }
    execFile(program, args, options, (error, stdout, stderr) =>
      resolve({ code: error?.signal ?? error?.code ?? 0, out: `${stdout}${stderr}` })
    )
  })

/** As `run`. @throws {Error} with the output if the program fails */
export const succeed = async (program, args, options) => {
  const { code, out } = await run(program, args, options)
  if (code !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${code}:\n${out}`)
  return out
}

const npm = (args, cwd) =>
  process.env.npm_execpath
    ? succeed(process.execPath, [process.env.npm_execpath, ...args], { cwd })
    : succeed('npm', args, { cwd })

/**
 * Installs both packages, and what the suites need, into a new folder.
 *
 * @param suites names in `PACKAGES`
 */
export const install = async suites => {
  const folder = temporaryFolder()
  const { main, platforms } = pack(path.join(folder, 'packed'))
  const own = platforms[ownPlatform()]
  if (!own) throw new Error(`no addon for ${ownPlatform()}: run npm run build:debug`)
  const manifest = {
    name: 'installed',
    private: true,
    dependencies: Object.assign(
      { 'y-dynamodb': `file:${main}`, [packageName(ownPlatform())]: `file:${own}`, 'yjs': '^13.6.0' },
      ...suites.map(suite => PACKAGES[suite])
    )
  }
  fs.writeFileSync(path.join(folder, 'package.json'), JSON.stringify(manifest))
  await npm(INSTALL, folder)
  // A debug build has 80 MB of debug information, which every bundle would copy. Without `strip` the suites take longer.
  const addon = path.join('node_modules', packageName(ownPlatform()), addonName(ownPlatform()))
  await run('strip', ['--strip-debug', addon], { cwd: folder })
  return folder
}

/** The folder for a suite: that of `run.mjs`, which has the packages of all suites, or one of its own. */
export const project = suite => process.env.INSTALLED ?? install([suite])

/** Writes files: path → text. */
export const write = (folder, files) => {
  for (const [name, text] of Object.entries(files)) {
    const file = path.join(folder, name)
    fs.mkdirSync(path.dirname(file), { recursive: true })
    fs.writeFileSync(file, text)
  }
}
