/**
 * `npm test`: installs, builds, and runs every suite: Rust without and with AWS, Node on the embedded DynamoDB, and both on
 * DynamoDB Local if Java is installed. It reports skipped suites; the last line contains the totals.
 */
import fs from 'node:fs'
import path from 'node:path'
import { startDynamoDbLocal } from './dynamodb-local.mjs'
import { ROOT, run } from './tools.mjs'
import { runTestFiles } from './node-tests.mjs'
import { buildAddon, install } from './setup.mjs'

const TESTS = '__test__'
/** The tests whose result depends on which DynamoDB runs. They also run on DynamoDB Local. */
const DYNAMODB_FOLDERS = ['api', 'cli', 'faults'].map(name => path.join(TESTS, name))
// Keeps the tests away from AWS: the credentials are invalid, and the metadata service is not asked.
const ENV = {
  AWS_ACCESS_KEY_ID: 'test',
  AWS_SECRET_ACCESS_KEY: 'test',
  AWS_SESSION_TOKEN: '',
  AWS_REGION: 'us-west-2',
  AWS_EC2_METADATA_DISABLED: 'true'
}

const suites = []

const runSuite = async (name, work) => {
  process.stdout.write(`\n── ${name}\n`)
  const started = Date.now()
  const suite = { name, passed: 0, failed: 0, skipped: 0 }
  const code = await work(suite)
  // A suite that does not compile or crashes counts as one failure, even if no test failed.
  if (code !== 0 && suite.failed === 0) suite.failed = 1
  suite.seconds = Math.round((Date.now() - started) / 1_000)
  suites.push(suite)
}

const skip = (name, reason) => {
  process.stdout.write(`\n── ${name}\nSKIPPED: ${reason}\n`)
  suites.push({ name, passed: 0, failed: 0, skipped: 1, seconds: 0, reason })
}

const rust = (name, args, env) =>
  runSuite(name, suite =>
    run('cargo', ['test', '--locked', '--no-fail-fast', ...args], {
      env: { ...ENV, ...env },
      onLine: line => {
        const found = /^test result: .* (\d+) passed; (\d+) failed; (\d+) ignored;/.exec(line)
        if (!found) return
        suite.passed += Number(found[1])
        suite.failed += Number(found[2])
        suite.skipped += Number(found[3])
      }
    })
  )

const testFiles = folder =>
  fs.existsSync(path.join(ROOT, folder))
    ? fs
        .readdirSync(path.join(ROOT, folder), { recursive: true })
        .filter(name => /\.test\.[cm]?js$/.test(name) && !name.includes('node_modules'))
        .map(name => path.join(folder, name))
        // The folders with long suites are the last ones: they begin first, so that none runs alone at the end.
        .sort()
        .reverse()
    : []

// A suite without files is reported as skipped, not as passed.
const node = (name, files, env) =>
  files.length === 0
    ? skip(name, 'there is no test file')
    : runSuite(name, suite => runTestFiles(files, suite, { env: { ...ENV, ...env } }))

const report = () => {
  process.stdout.write('\n── Summary\n')
  for (const { name, passed, failed, skipped, seconds, reason } of suites) {
    process.stdout.write(
      `${name}: ${passed} passed, ${failed} failed, ${skipped} skipped, ${seconds} s${reason ? ` (${reason})` : ''}\n`
    )
  }
  const sum = field => suites.reduce((total, suite) => total + suite[field], 0)
  process.stdout.write(`\n${sum('passed')} passed, ${sum('failed')} failed, ${sum('skipped')} skipped\n`)
  return sum('failed') === 0 && sum('passed') > 0
}

await install()
await buildAddon({ testHooks: true })
await rust('Rust, without Node and AWS', ['--no-default-features'])
const local = await startDynamoDbLocal()
try {
  const files = testFiles(TESTS)
  const env = local.endpoint ? { DYNAMODB_LOCAL_ENDPOINT: local.endpoint } : {}
  // The features make no difference to the other suites.
  await rust(
    'Rust, with AWS and the simulation',
    [
      '--all-features',
      '--lib',
      '--test',
      'table_*',
      '--test',
      'simulation',
      '--',
      '--skip',
      'dynamodb_local::'
    ],
    env
  )
  await node('Node, embedded DynamoDB', files)
  if (local.endpoint) {
    await rust(
      'Rust, the table on DynamoDB Local',
      ['--all-features', '--test', 'table_conformance', '--', '--include-ignored', 'dynamodb_local::'],
      env
    )
    const dynamodbFiles = files.filter(
      name => DYNAMODB_FOLDERS.includes(path.dirname(name)) || name.endsWith('testrun.test.mjs')
    )
    await node('Node, DynamoDB Local', dynamodbFiles, { ...env, Y_DYNAMODB_TEST_ENGINE: 'local' })
  } else {
    skip('DynamoDB Local', local.missing)
  }
} finally {
  await local.stop?.()
}
process.exitCode = report() ? 0 : 1
