/** The runner of `npm test` on files that hang, fail, crash and pass: each failure is counted, and none stops the others. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { onceOnly } from '../support/dynamodb.mjs'

const NODE_TESTS = new URL('../../scripts/node-tests.mjs', import.meta.url)

const FILES = {
  'hangs.test.mjs':
    "import net from 'node:net'; import { test } from 'node:test'; test('a', () => {}); net.createServer().listen(0)",
  'fails.test.mjs':
    "import { test } from 'node:test'; test('a', () => { throw new Error('on purpose') }); test('b', { skip: true })",
  'crashes.test.mjs': 'process.exit(3)',
  'passes.test.mjs': "import { test } from 'node:test'; test('a', () => {}); test('b', () => {})"
}

test(
  'a test file that hangs is killed, reported and counted as a failure; the other files still run',
  onceOnly,
  async t => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'y-dynamodb-scripts-'))
    t.after(() => fs.rmSync(folder, { recursive: true }))
    for (const [name, source] of Object.entries(FILES)) fs.writeFileSync(path.join(folder, name), source)
    // A separate process: in this one, node:test would count the files as part of this test.
    const program = `
    import { runTestFiles } from ${JSON.stringify(NODE_TESTS.href)}
    const suite = { passed: 0, failed: 0, skipped: 0 }
    const code = await runTestFiles(${JSON.stringify(Object.keys(FILES).map(name => path.join(folder, name)))}, suite, { limitMs: 5_000 })
    console.log(JSON.stringify({ code, suite }))`
    const env = { ...process.env, NODE_TEST_CONTEXT: undefined }
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--input-type=module', '--eval', program],
      { env }
    )
    const lines = stdout.trim().split('\n')
    assert.deepEqual(JSON.parse(lines.at(-1)), { code: 1, suite: { passed: 2, failed: 3, skipped: 1 } })
    assert.match(stdout, /hangs\.test\.mjs did not end within 5 s: killed\nopen: .*TCPServerWrap/)
  }
)
