/** The program of CONTRIBUTING.md, run as its readers run it: its output on DynamoDB Local, and its message without one. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const { DYNAMODB_LOCAL_ENDPOINT: endpoint } = process.env
const ROOT = fileURLToPath(new URL('../../', import.meta.url))

const walk = (ENDPOINT, more = {}) =>
  spawnSync(process.execPath, ['examples/testrun/testrun'], {
    cwd: ROOT,
    env: { ...process.env, ENDPOINT, ...more },
    encoding: 'utf8'
  })

test(
  'testrun walks through the calls on DynamoDB Local',
  { skip: !endpoint && 'needs DynamoDB Local (DYNAMODB_LOCAL_ENDPOINT)' },
  () => {
    for (const run of ['first', 'second']) {
      const { status, stdout, stderr } = walk(endpoint)
      assert.equal(stderr, '', run)
      assert.equal(status, 0, run)
      assert.deepEqual(
        stdout.trim().split('\n'),
        [
          'my-doc stored: [ 1, 2, 3 ]',
          'my-doc2 stored: [ 4, 5, 6 ]',
          'log clocks: [ 0, 0 ]',
          'diff for an up-to-date peer: []',
          "metas of my-doc2: Map(1) { 'title' => 'Numbers' }",
          'my-doc cleared: []',
          "left in the table: [ 'my-doc2' ]"
        ],
        run
      )
    }
  }
)

test('testrun prints the reason if no DynamoDB answers', () => {
  const { status, stderr } = walk('http://127.0.0.1:9', { OPERATION_TIMEOUT_MS: '1000' })
  assert.equal(status, 1)
  assert.match(stderr, /^ERR_UNAVAILABLE: /)
})
