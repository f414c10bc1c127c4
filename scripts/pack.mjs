/**
 * Makes the npm packages as they are published: one with the JavaScript, and one for each platform whose addon lies in
 * the top folder.
 *
 * node scripts/pack.mjs OUT [--all]
 *
 * --all  fail if the addon of any platform is missing, or cargo, which has the licences of the crates (a release)
 *
 * The JavaScript package names the platform packages as optional dependencies only here: in the repository they would be
 * in the way of `npm ci` before their first release.
 */
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { ROOT, fail } from './machine.mjs'
import { notices } from './notices.mjs'
import { PLATFORMS, addonName } from './platforms.mjs'

const manifest = JSON.parse(fs.readFileSync(path.join(ROOT, 'package.json'), 'utf8'))
const packageName = platform => `${manifest.name}-${platform}`

/** Where the packages come from: npm compares it with the workflow that publishes (provenance). */
const { GITHUB_SERVER_URL, GITHUB_REPOSITORY } = process.env
const repository = GITHUB_REPOSITORY && {
  type: 'git',
  url: `git+${GITHUB_SERVER_URL}/${GITHUB_REPOSITORY}.git`
}

const npmPack = (folder, out) => {
  const script = process.env.npm_execpath
  const [program, first] = script ? [process.execPath, [script]] : ['npm', []]
  const answer = execFileSync(
    program,
    [...first, 'pack', '--json', '--ignore-scripts', '--pack-destination', out],
    {
      cwd: folder,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
      shell: !script && process.platform === 'win32'
    }
  )
  // An array in npm up to 11, an object by package name since.
  const [{ filename }] = Object.values(JSON.parse(answer))
  return path.join(out, filename)
}

const staged = fill => {
  const stage = fs.mkdtempSync(path.join(os.tmpdir(), 'y-dynamodb-pack-'))
  try {
    return fill(stage)
  } finally {
    fs.rmSync(stage, { recursive: true, force: true })
  }
}

const writeManifest = (folder, content) =>
  fs.writeFileSync(
    path.join(folder, 'package.json'),
    `${JSON.stringify({ ...content, ...(repository && { repository }) }, null, 2)}\n`
  )

/** The licences of what is in the binary. A test of the packages can do without, on a machine without cargo. */
const writeNotices = (folder, platform, needed) => {
  try {
    fs.writeFileSync(path.join(folder, 'THIRD-PARTY-LICENSES'), notices(platform))
  } catch (error) {
    if (needed || error.code !== 'ENOENT') throw error
    process.stderr.write('THIRD-PARTY-LICENSES is left out: cargo was not found\n')
  }
}

const packPlatform = (platform, out, all) =>
  staged(stage => {
    const folder = path.join(ROOT, 'npm', platform)
    const own = JSON.parse(fs.readFileSync(path.join(folder, 'package.json'), 'utf8'))
    if (own.version !== manifest.version)
      throw new Error(`npm/${platform} has version ${own.version}, not ${manifest.version}`)
    fs.cpSync(folder, stage, { recursive: true })
    for (const name of ['LICENSE', addonName(platform)])
      fs.copyFileSync(path.join(ROOT, name), path.join(stage, name))
    writeNotices(stage, platform, all)
    writeManifest(stage, own)
    return npmPack(stage, out)
  })

const packMain = out =>
  staged(stage => {
    for (const name of [...manifest.files, 'README.md', 'LICENSE']) {
      fs.cpSync(path.join(ROOT, name), path.join(stage, name), { recursive: true })
    }
    const { devDependencies, scripts, ...published } = manifest
    const optionalDependencies = Object.fromEntries(
      Object.keys(PLATFORMS).map(name => [packageName(name), manifest.version])
    )
    writeManifest(stage, { ...published, optionalDependencies })
    return npmPack(stage, out)
  })

/** Packs what can be packed; returns `{ main, platforms: { name: file } }`. */
export const pack = (out, { all = false } = {}) => {
  fs.mkdirSync(out, { recursive: true })
  const names = Object.keys(PLATFORMS).filter(name => all || fs.existsSync(path.join(ROOT, addonName(name))))
  const platforms = Object.fromEntries(names.map(name => [name, packPlatform(name, out, all)]))
  return { main: packMain(out), platforms }
}

if (process.argv[1] && path.resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  try {
    const {
      values,
      positionals: [out]
    } = parseArgs({ options: { all: { type: 'boolean' } }, allowPositionals: true })
    if (!out) throw new Error('node scripts/pack.mjs OUT [--all]')
    const { main, platforms } = pack(path.resolve(out), values)
    for (const file of [...Object.values(platforms), main]) process.stdout.write(`${file}\n`)
  } catch (error) {
    fail(error.message)
  }
}
