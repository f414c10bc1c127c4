/**
 * Publishes the packages that scripts/pack.mjs packed. It skips those that are already published, so it can be run again
 * after a failure. It publishes the JavaScript package last, because that package depends on the others. Then it compares
 * the checksums of npm with those of the packed files.
 *
 * node scripts/publish.mjs FOLDER [--dry-run]
 *
 * A pre-release version, such as 1.0.0-rc.1, gets the tag `next`.
 */
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { integrityOf, requireChecksums } from './checksums.mjs'
import { requireRepository } from './repository.mjs'
import { ROOT, fail, isAtLeast, npm, npmCommand } from './tools.mjs'
import { PLATFORMS, packageName, tarballName } from './platforms.mjs'

/** Older versions cannot publish without a token. */
const NPM = [11, 5, 1]
/** npm shows a package some seconds after it was published, and sometimes some minutes. */
const VISIBLE_WITHIN_MS = 10 * 60_000
const RETRY_MS = 10_000

const { name: main, version } = JSON.parse(fs.readFileSync(path.join(ROOT, 'package.json'), 'utf8'))

const {
  values: { 'dry-run': dryRun },
  positionals: [folder]
} = parseArgs({ options: { 'dry-run': { type: 'boolean' } }, allowPositionals: true })

/** npm can only prove where a package was built in a workflow. */
const inWorkflow = process.env.GITHUB_ACTIONS === 'true'

const npmOutput = args => {
  const { status, stdout, stderr, error } = spawnSync(...npmCommand(args), { encoding: 'utf8' })
  return error ? fail(`npm does not run: ${error.message}`) : { status, stdout: stdout.trim(), stderr }
}

/** The checksum of the published package. Undefined if this version is not published. */
const publishedIntegrity = name => {
  const args = ['view', `${name}@${version}`, 'dist.integrity', '--json', '--prefer-online']
  const { status, stdout, stderr } = npmOutput(args)
  // If npm knows only other versions of the package, it prints nothing and may still exit with 0.
  const answer = stdout ? JSON.parse(stdout) : undefined
  if (status === 0 || answer?.error?.code === 'E404') return answer?.error ? undefined : answer
  return fail(`npm view ${name}@${version} failed:\n${stdout}${stderr}`)
}

const requireNpm = () => {
  const found = npmOutput(['--version']).stdout
  if (!isAtLeast(found.split('.').map(Number), NPM))
    fail(`npm ${NPM.join('.')} or newer is needed to publish without a token; this is ${found}`)
}

const requireSame = (name, found, expected) => {
  if (found !== expected)
    fail(`${name} ${version} is published with the checksum ${found}, but the packed file has ${expected}`)
}

const publish = async (name, file) => {
  const found = publishedIntegrity(name)
  if (found !== undefined) {
    requireSame(name, found, integrityOf(file))
    process.stdout.write(`${name} ${version} is already published\n`)
    return
  }
  const options = dryRun ? ['--dry-run'] : ['--access', 'public']
  if (inWorkflow && !dryRun) options.push('--provenance')
  if (version.includes('-')) options.push('--tag', 'next')
  // npm asks for the second factor when a person publishes.
  if ((await npm(['publish', file, ...options], { stdin: 'inherit' })) !== 0)
    fail(`${name} was not published: see above`)
}

const requirePublished = async (name, expected) => {
  const end = Date.now() + VISIBLE_WITHIN_MS
  let found = publishedIntegrity(name)
  while (found === undefined && Date.now() < end) {
    await setTimeout(RETRY_MS)
    found = publishedIntegrity(name)
  }
  requireSame(name, found, expected)
  process.stdout.write(`${name} ${version}: ${found}\n`)
}

if (!folder)
  fail('Pack with `node scripts/pack.mjs FOLDER --all`, then publish with `node scripts/publish.mjs FOLDER`.')
try {
  requireChecksums(folder, process.env.CHECKSUMS)
  if (inWorkflow) {
    requireNpm()
    requireRepository()
  }
} catch (error) {
  fail(error.message)
}

const files = [...Object.keys(PLATFORMS).map(packageName), main].map(name => ({
  name,
  // npm would treat the relative path `folder/file` as a GitHub repository.
  file: path.resolve(folder, tarballName(name, version))
}))
for (const { file } of files)
  if (!fs.existsSync(file)) fail(`${file} is missing: run node scripts/pack.mjs ${folder} --all`)
for (const { name, file } of files) await publish(name, file)
if (!dryRun) for (const { name, file } of files) await requirePublished(name, integrityOf(file))
