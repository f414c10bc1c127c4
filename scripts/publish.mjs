/**
 * Publishes the packages that scripts/pack.mjs packed. It skips those that are already published, so it can be run again
 * after a failure. It publishes the JavaScript package last, because that package depends on the others.
 *
 * node scripts/publish.mjs FOLDER [--dry-run]
 */
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { ROOT, fail, npm } from './tools.mjs'
import { PLATFORMS, packageName, tarballName } from './platforms.mjs'

const { name: main, version } = JSON.parse(fs.readFileSync(path.join(ROOT, 'package.json'), 'utf8'))

/** If npm knows only other versions of the package, it prints nothing and may still exit with 0. */
const isPublished = name =>
  spawnSync('npm', ['view', `${name}@${version}`, 'version'], { encoding: 'utf8' }).stdout.trim() === version

const {
  values,
  positionals: [folder]
} = parseArgs({ options: { 'dry-run': { type: 'boolean' } }, allowPositionals: true })
if (!folder)
  fail('Pack with `node scripts/pack.mjs FOLDER --all`, then publish with `node scripts/publish.mjs FOLDER`.')
const publishOptions = values['dry-run'] ? ['--dry-run'] : ['--provenance', '--access', 'public']

for (const name of [...Object.keys(PLATFORMS).map(packageName), main]) {
  // npm would treat the relative path `folder/file` as a GitHub repository.
  const file = path.resolve(folder, tarballName(name, version))
  if (!fs.existsSync(file)) fail(`${file} is missing: run node scripts/pack.mjs ${folder} --all`)
  if (isPublished(name)) process.stdout.write(`${name} ${version} is already published\n`)
  else if ((await npm(['publish', file, ...publishOptions])) !== 0)
    fail(`${name} was not published: see above`)
}
