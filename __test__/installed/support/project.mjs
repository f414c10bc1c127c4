/** Projects outside the repository in which the packed packages are installed, as a user would. */
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { pack } from '../../../scripts/pack.mjs'
import { addonName, ownPlatform, packageName } from '../../../scripts/platforms.mjs'
import * as quiet from '../../../scripts/quiet.mjs'
import { npmCommand } from '../../../scripts/tools.mjs'
import { PACKAGES } from './packages.mjs'

export const { ENV } = quiet

const INSTALL = ['install', '--no-audit', '--no-fund', '--loglevel=error']
/** Many times what any program takes on a busy machine. */
const LIMIT_MS = 5 * 60_000

/** A folder that is deleted at exit, or kept with `KEEP=1`. */
export const temporaryFolder = () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'y-dynamodb-installed-'))
  if (process.env.KEEP) process.stdout.write(`${folder} is kept\n`)
  else process.on('exit', () => fs.rmSync(folder, { recursive: true, force: true, maxRetries: 3 }))
  return folder
}

/** Runs a program. Resolves with `{ code, out }`: `code` as in `quiet.mjs`, and both outputs. */
export const run = async (program, args, options) => {
  const { code, out, err } = await quiet.run(program, args, { limitMs: LIMIT_MS, ...options })
  return { code, out: `${out}${err}` }
}

/** Runs a program. Resolves with its standard output. @throws {Error} with all output if the program fails */
export const succeed = (program, args, options) =>
  quiet.succeed(program, args, { limitMs: LIMIT_MS, ...options })

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
  await succeed(...npmCommand(INSTALL), { cwd: folder })
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
