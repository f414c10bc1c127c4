/**
 * Installs the packages into new projects, as a user would, and uses them from CommonJS, ES modules and TypeScript. The
 * programs of the README and of the quick start run unchanged.
 *
 * node scripts/smoke.mjs [--packed FOLDER | --published VERSION]
 *
 * It packs the addon of this platform. With --packed it installs the packages in a folder, which must have the checksums
 * in its SHA512SUMS; with --published those that npm has.
 */
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { spawnSync } from 'node:child_process'
import { setTimeout } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { ROOT, fail, npm } from './tools.mjs'
import { requireChecksums } from './checksums.mjs'
import { pack } from './pack.mjs'
import { programOf, shownIn } from './programs.mjs'
import { ownPlatform, packageName, tarballName } from './platforms.mjs'

const {
  name: NAME,
  version: VERSION,
  bin
} = JSON.parse(fs.readFileSync(path.join(ROOT, 'package.json'), 'utf8'))
const BIN = bin[NAME]
/** npm shows a package some minutes after it was published. */
const ATTEMPTS = 30
const RETRY_MS = 10_000
const EXPECTED = 'clock 0: stored and read again'
const BODY = `
const persistence = DynamoDbPersistence({ tableName: 'docs', aws: { endpoint: 'memory:', region: 'local' } })
const main = async () => {
  const doc = new Y.Doc()
  doc.getText('body').insert(0, 'stored and read again')
  const clock = await persistence.storeUpdate('letter', Y.encodeStateAsUpdate(doc))
  const read = await persistence.getYDoc('letter')
  if (!(read instanceof Y.Doc)) throw new Error('the document belongs to another copy of yjs')
  console.log(\`clock \${clock}: \${read.getText('body')}\`)
  const failure = await persistence.storeUpdate('letter', new Uint8Array([9])).catch(error => error)
  if (!(failure instanceof PersistenceError) || failure.code !== 'ERR_INVALID_UPDATE') throw failure
  if (mergeUpdates([Y.encodeStateAsUpdate(doc)]).length === 0) throw new Error('the merged update is empty')
  await persistence.close()
}
main()
`
const PROGRAMS = {
  'main.cjs': `const DynamoDbPersistence = require('y-dynamodb')
const { PersistenceError } = DynamoDbPersistence
const { mergeUpdates } = require('y-dynamodb/updates')
const Y = require('yjs')
${BODY}`,
  'main.mjs': `import DynamoDbPersistence, { PersistenceError } from 'y-dynamodb'
import { mergeUpdates } from 'y-dynamodb/updates'
import * as Y from 'yjs'
${BODY}`
}

const TSCONFIG = JSON.parse(
  fs.readFileSync(path.join(ROOT, 'examples', 'typescript', 'tsconfig.json'), 'utf8')
)

/** In the order in which a new user runs them, in one folder. */
const QUICK_START = [
  ['README.md', 'letter.mjs'],
  ['docs/QUICK-START.md', 'read.mjs'],
  ['docs/QUICK-START.md', 'append.mjs'],
  ['docs/QUICK-START.md', 'letter.cjs']
]

/** Runs a program. Output on standard error, such as a warning of yjs, is a failure. */
const expectOutput = (file, cwd, expected) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [file], {
    cwd,
    encoding: 'utf8',
    timeout: 60_000
  })
  if (status !== 0 || stderr !== '' || !stdout.includes(expected)) {
    throw new Error(`${file} ended with ${status} and printed:\n${stdout}${stderr}`)
  }
  process.stdout.write(`${file}: ${stdout.trim()}\n`)
}

/** Runs a program of a page. It must print the lines that its comments show. */
const expectShown = (page, fileName, file, cwd) => {
  const shown = shownIn(programOf(page, fileName))
  if (shown.length === 0) throw new Error(`${fileName} of ${page} does not show what it prints`)
  expectOutput(file, cwd, `${shown.join('\n')}\n`)
}

const installInto = async (folder, names) => {
  const quiet = ['--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error']
  if ((await npm(['install', ...quiet, ...names], { cwd: folder })) !== 0)
    throw new Error(`npm install failed in ${folder}`)
}

const javascript = async (folder, tarballs) => {
  fs.mkdirSync(folder)
  fs.writeFileSync(path.join(folder, 'package.json'), JSON.stringify({ name: 'smoke', private: true }))
  await installInto(folder, [...tarballs, 'yjs@13'])
  for (const [file, source] of Object.entries(PROGRAMS)) {
    fs.writeFileSync(path.join(folder, file), source)
    expectOutput(file, folder, EXPECTED)
  }
  for (const [page, file] of QUICK_START) {
    fs.writeFileSync(path.join(folder, file), programOf(page, file))
    expectShown(page, file, file, folder)
  }
  // Without a command, the CLI loads all commands and prints its help.
  expectOutput(path.join('node_modules', NAME, BIN), folder, 'Usage: y-dynamodb COMMAND')
}

const typescript = async (folder, tarballs) => {
  fs.cpSync(path.join(ROOT, 'examples', 'typescript'), folder, { recursive: true })
  fs.writeFileSync(path.join(folder, 'letter.ts'), programOf('README.md', 'letter.mjs'))
  fs.writeFileSync(
    path.join(folder, 'tsconfig.json'),
    JSON.stringify({ ...TSCONFIG, include: [...TSCONFIG.include, 'letter.ts'] })
  )
  await installInto(folder, tarballs)
  const { status, stdout } = spawnSync(
    process.execPath,
    [path.join(folder, 'node_modules', 'typescript', 'bin', 'tsc')],
    { cwd: folder, encoding: 'utf8' }
  )
  if (status !== 0)
    throw new Error(
      `the TypeScript example, or the README's program as TypeScript, does not compile:\n${stdout}`
    )
  expectOutput(path.join('dist', 'main.js'), folder, 'clock 0: stored from TypeScript')
  expectShown('README.md', 'letter.mjs', path.join('dist', 'letter.js'), folder)
}

/** Waits until npm has the version. The JavaScript package is published last. */
const requirePublished = async version => {
  for (
    let attempt = 1;
    (await npm(['view', `${NAME}@${version}`, 'version', '--prefer-online'])) !== 0;
    attempt++
  ) {
    if (attempt === ATTEMPTS) throw new Error(`npm does not have ${NAME} ${version}`)
    await setTimeout(RETRY_MS)
  }
}

/** What to install: the addon in the top folder, the packages in a folder, or those that npm has. */
const packagesFor = async ({ packed, published }, folder) => {
  if (published) {
    await requirePublished(published)
    return [`${NAME}@${published}`]
  }
  if (packed) {
    requireChecksums(packed, process.env.CHECKSUMS)
    return [NAME, packageName(ownPlatform())].map(name => path.resolve(packed, tarballName(name, VERSION)))
  }
  const { main, platforms } = pack(path.join(folder, 'packed'))
  const own = platforms[ownPlatform()]
  if (!own) throw new Error(`no addon for ${ownPlatform()}: run npm run build:debug`)
  return [main, own]
}

/** npm installs the package of this platform only, and its provenance is valid. */
const requireProvenance = async folder => {
  const installed = fs.readdirSync(path.join(folder, 'node_modules', '@y-dynamodb'))
  if (installed.join() !== ownPlatform())
    throw new Error(`npm installed the binaries of ${installed.join(', ')}`)
  if ((await npm(['audit', 'signatures'], { cwd: folder })) !== 0)
    throw new Error('npm does not accept the signatures of the packages')
}

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'y-dynamodb-smoke-'))
try {
  const { values } = parseArgs({ options: { packed: { type: 'string' }, published: { type: 'string' } } })
  const packages = await packagesFor(values, folder)
  await javascript(path.join(folder, 'javascript'), packages)
  if (values.published) await requireProvenance(path.join(folder, 'javascript'))
  await typescript(path.join(folder, 'typescript'), packages)
} catch (error) {
  fs.rmSync(folder, { recursive: true, force: true })
  fail(error.message)
}
fs.rmSync(folder, { recursive: true, force: true })
