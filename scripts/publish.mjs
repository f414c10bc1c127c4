/**
 * Publishes what scripts/pack.mjs has made, and of that what is not published yet: it can be run again after a failure.
 * The JavaScript package comes last, since it names the others.
 *
 * node scripts/publish.mjs FOLDER [--dry-run]
 */
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { ROOT, fail, npm } from './machine.mjs'
import { PLATFORMS } from './platforms.mjs'

const { name: main, version } = JSON.parse(fs.readFileSync(path.join(ROOT, 'package.json'), 'utf8'))

/** npm answers with nothing, and may end with 0, where the package has other versions only. */
const isPublished = name =>
  spawnSync('npm', ['view', `${name}@${version}`, 'version'], { encoding: 'utf8' }).stdout.trim() === version

const {
  values,
  positionals: [folder]
} = parseArgs({ options: { 'dry-run': { type: 'boolean' } }, allowPositionals: true })
if (!folder)
  fail(
    'The packages are made by `node scripts/pack.mjs FOLDER --all` and published by `node scripts/publish.mjs FOLDER`.'
  )
const how = values['dry-run'] ? ['--dry-run'] : ['--provenance', '--access', 'public']

for (const name of [...Object.keys(PLATFORMS).map(platform => `${main}-${platform}`), main]) {
  // An absolute path: npm takes `folder/file` for a repository on GitHub.
  const file = path.resolve(folder, `${name}-${version}.tgz`)
  if (!fs.existsSync(file)) fail(`${file} is not there: node scripts/pack.mjs ${folder} --all`)
  if (isPublished(name)) process.stdout.write(`${name} ${version} is published already\n`)
  else if ((await npm(['publish', file, ...how])) !== 0) fail(`${name} was not published: see above`)
}
