/**
 * Packs the npm packages for publication: one with the JavaScript, and one for each platform whose addon is in the top
 * folder.
 *
 * node scripts/pack.mjs OUT [--all]
 *
 * --all  for a release: fails if the addon of a platform, or cargo, is missing. Cargo provides the licences of the crates.
 *        Also writes the contents of the packages (scripts/sbom.mjs) and the checksums of all files (OUT/SHA512SUMS)
 *
 * This script adds the platform packages to the optional dependencies of the JavaScript package. They are not in the
 * repository's package.json, because `npm ci` would fail before their first release.
 */
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { ROOT, fail, isMain, npmCommand } from './tools.mjs'
import { writeChecksums } from './checksums.mjs'
import { notices } from './notices.mjs'
import { PLATFORMS, addonName, packageName, platformManifest, platformReadme } from './platforms.mjs'
import { withAbsoluteLinks } from './repository.mjs'
import { sbom } from './sbom.mjs'

const manifest = JSON.parse(fs.readFileSync(path.join(ROOT, 'package.json'), 'utf8'))

const npmPack = (folder, out) => {
  const [program, args] = npmCommand(['pack', '--json', '--ignore-scripts', '--pack-destination', out])
  const answer = execFileSync(program, args, {
    cwd: folder,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit']
  })
  // npm prints an array up to version 11, and an object with the package names as keys since.
  const [{ filename }] = Object.values(JSON.parse(answer))
  return path.join(out, filename)
}

const withStagingFolder = fill => {
  const stage = fs.mkdtempSync(path.join(os.tmpdir(), 'y-dynamodb-pack-'))
  try {
    return fill(stage)
  } finally {
    fs.rmSync(stage, { recursive: true, force: true })
  }
}

const writeManifest = (folder, content) =>
  fs.writeFileSync(path.join(folder, 'package.json'), `${JSON.stringify(content, null, 2)}\n`)

/** Writes the licences of the crates. Without cargo they are left out, unless they are required. */
const writeNotices = (folder, platform, required) => {
  try {
    fs.writeFileSync(path.join(folder, 'THIRD-PARTY-LICENSES'), notices(platform))
  } catch (error) {
    if (required || error.code !== 'ENOENT') throw error
    process.stderr.write('THIRD-PARTY-LICENSES is left out: cargo was not found\n')
  }
}

const packPlatform = (platform, out, { all, addons }) =>
  withStagingFolder(stage => {
    fs.copyFileSync(path.join(ROOT, 'LICENSE'), path.join(stage, 'LICENSE'))
    fs.copyFileSync(path.join(addons, addonName(platform)), path.join(stage, addonName(platform)))
    writeNotices(stage, platform, all)
    fs.writeFileSync(path.join(stage, 'README.md'), platformReadme(platform, manifest))
    writeManifest(stage, platformManifest(platform, manifest))
    return npmPack(stage, out)
  })

const packMain = out =>
  withStagingFolder(stage => {
    const copied = manifest.files.filter(name => !name.startsWith('!')) // npm leaves out the others
    for (const name of [...copied, 'LICENSE'])
      fs.cpSync(path.join(ROOT, name), path.join(stage, name), { recursive: true })
    const readme = fs.readFileSync(path.join(ROOT, 'README.md'), 'utf8')
    fs.writeFileSync(path.join(stage, 'README.md'), withAbsoluteLinks(readme))
    const { devDependencies, scripts, ...published } = manifest
    const optionalDependencies = Object.fromEntries(
      Object.keys(PLATFORMS).map(name => [packageName(name), manifest.version])
    )
    writeManifest(stage, { ...published, optionalDependencies })
    return npmPack(stage, out)
  })

/**
 * Packs the JavaScript and every addon found in the folder `addons` (with `all`, every platform). Returns
 * `{ main, platforms: { name: file } }`.
 */
export const pack = (out, { all = false, addons = ROOT } = {}) => {
  fs.mkdirSync(out, { recursive: true })
  const names = Object.keys(PLATFORMS).filter(
    name => all || fs.existsSync(path.join(addons, addonName(name)))
  )
  const platforms = Object.fromEntries(names.map(name => [name, packPlatform(name, out, { all, addons })]))
  const main = packMain(out)
  if (all) {
    const file = `${manifest.name}-${manifest.version}.cdx.json`
    fs.writeFileSync(path.join(out, file), `${JSON.stringify(sbom(), null, 2)}\n`)
    writeChecksums(out)
  }
  return { main, platforms }
}

if (isMain(import.meta.url)) {
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
