/**
 * Finds Chromium for the tests of the editor. `node scripts/chromium.mjs` also installs Debian's Chromium if none is found;
 * that needs root and apt.
 */
import fs from 'node:fs'
import path from 'node:path'
import { fail, isMain, run } from './tools.mjs'

const NAMES = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome']
const NEEDED =
  'needs Chromium: apt-get install chromium, or set the environment variable CHROMIUM to its path'

const isProgram = file => fs.statSync(file, { throwIfNoEntry: false })?.isFile() ?? false

/** Returns `{ program }`, or `{ missing }` with the reason. If CHROMIUM is set, it is the path of the executable. */
export const findChromium = () => {
  const { CHROMIUM, PATH = '' } = process.env
  if (CHROMIUM)
    return isProgram(CHROMIUM)
      ? { program: CHROMIUM }
      : { missing: `CHROMIUM is not the path of a file: ${CHROMIUM}` }
  const folders = PATH.split(path.delimiter)
  const program = NAMES.flatMap(name => folders.map(folder => path.join(folder, name))).find(isProgram)
  return program ? { program } : { missing: NEEDED }
}

const install = async () => {
  if (process.getuid?.() !== 0) return
  const env = { DEBIAN_FRONTEND: 'noninteractive' }
  if ((await run('apt-get', ['update', '-qq'], { env })) === 0) {
    await run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'chromium'], { env })
  }
}

if (isMain(import.meta.url)) {
  if (!process.env.CHROMIUM && !findChromium().program) await install()
  const { program, missing } = findChromium()
  process.stdout.write(`${program ?? fail(missing)}\n`)
}
