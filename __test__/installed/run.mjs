/**
 * Runs all suites of `installed/`, two at a time. They share one folder, into which npm installs the packages of all of them.
 */
import { PACKAGES } from './support/packages.mjs'
import { install } from './support/project.mjs'
import { runTestFiles } from '../../scripts/node-tests.mjs'

/** Many times what a suite takes on two idle cores. */
const LIMIT_MS = 15 * 60_000
/** The longest ones first. */
const SUITES = ['typescript', 'bundlers', 'executables', 'runtimes', 'hocuspocus']

const started = Date.now()
const INSTALLED = await install(Object.keys(PACKAGES))
process.stdout.write(`npm install (${((Date.now() - started) / 1_000).toFixed(1)} s)\n`)

const counts = { passed: 0, failed: 0, skipped: 0 }
const files = SUITES.map(name => `__test__/installed/${name}.mjs`)
process.exitCode = await runTestFiles(files, counts, {
  env: { INSTALLED },
  limitMs: LIMIT_MS,
  concurrency: 2
})
process.stdout.write(`\n${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped\n`)
