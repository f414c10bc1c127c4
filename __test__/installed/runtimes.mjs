/**
 * The packed package in every runtime that docs/RUNTIMES.md names. Part of `npm run ready`; alone:
 * `node --test __test__/installed/runtimes.mjs`.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { before, describe, test } from 'node:test'
import { readPage } from '../../scripts/markdown.mjs'
import { ENV, project, run, write } from './support/project.mjs'
import { OUTPUT, commonJs, esModule } from './support/round-trip.mjs'

/** Runtime → the program in `node_modules`, and its arguments before the program to run. */
const RUNTIMES = {
  'Node 20': ['node20/bin/node', []],
  'Node 22': ['node22/bin/node', []],
  'Node 24': ['node24/bin/node', []],
  'the newest Node': ['newest-node/bin/node', []],
  'Bun': ['.bin/bun', ['run']],
  'Deno': ['.bin/deno', ['run', '--no-prompt', '--allow-ffi', '--allow-env', '--allow-read=.']]
}
const LIMIT_MS = 60_000

const OPEN = `const config = { tableName: 'docs', aws: { endpoint: 'file:./docs.db', region: 'local' }, batchDelayMs: 0 }
const open = options => DynamoDbPersistence({ ...config, ...options })
const doc = new Y.Doc()
doc.getText('body').insert(0, 'Dear reader')
`
const IMPORT = `import DynamoDbPersistence, { PersistenceError } from 'y-dynamodb'
import { mergeUpdates } from 'y-dynamodb/updates'
import { DynamoDB } from 'y-dynamodb/hocuspocus'
import * as Y from 'yjs'
`
const SHOW = `console.log([DynamoDbPersistence, PersistenceError, mergeUpdates, DynamoDB].map(each => typeof each).join(' '))\n`

const PROGRAMS = {
  'require.cjs': `const DynamoDbPersistence = require('y-dynamodb')
const { PersistenceError } = DynamoDbPersistence
const { mergeUpdates } = require('y-dynamodb/updates')
const { DynamoDB } = require('y-dynamodb/hocuspocus')
${SHOW}`,
  'import.mjs': IMPORT + SHOW,
  'calls.mjs': `${IMPORT}${OPEN}
const persistence = open()
const clock = await persistence.storeUpdate('calls', Y.encodeStateAsUpdate(doc))
await persistence.setMeta('calls', 'title', { en: 'Letter' })
const copy = await persistence.getYDoc('calls')
const { en } = await persistence.getMeta('calls', 'title')
const failure = await persistence.storeUpdate('calls', Uint8Array.of(9)).catch(error => error)
await persistence.close()
console.log([clock, copy instanceof Y.Doc, copy.getText('body'), en, failure.code].join(' '))
`,
  'bound.mjs': esModule,
  'bound.cjs': commonJs,
  'ends.mjs': `${IMPORT}${OPEN}
await open().storeUpdate('ends', Y.encodeStateAsUpdate(doc))
console.log('stored')
`,
  'worker.mjs': `import { Worker, isMainThread } from 'node:worker_threads'
${IMPORT}${OPEN}
if (isMainThread) new Worker(new URL(import.meta.url)).on('error', error => { throw error })
const persistence = open({ aws: { endpoint: 'memory:', region: 'local' } })
await persistence.storeUpdate('worker', Y.encodeStateAsUpdate(doc))
const copy = await persistence.getYDoc('worker')
await persistence.close()
console.log(String(copy.getText('body')))
`,
  'stopped.mjs': `${IMPORT}${OPEN}
const persistence = open({ batchDelayMs: 50_000 })
const stored = persistence.storeUpdate('stopped', Y.encodeStateAsUpdate(doc))
const timer = setInterval(() => {}, 1_000)
process.once('SIGTERM', async () => {
  await persistence.close()
  clearInterval(timer)
  console.log('stored with clock ' + (await stored))
})
console.log('ready')
`
}

/** An update arrives before the one that it refers to. */
const GAP = `${IMPORT}${OPEN}
const updates = []
doc.on('update', update => updates.push(update))
doc.getText('body').insert(0, 'er')
doc.getText('body').insert(0, 'Dear read')
doc.getText('body').delete('Dear reader'.length, 'Dear reader'.length)
const persistence = open({ aws: { endpoint: 'memory:', region: 'local' } })
const copy = new Y.Doc()
await persistence.bindState('gap', copy)
for (const update of updates) Y.applyUpdate(copy, update)
await persistence.writeState('gap', copy)
await persistence.storeUpdate('gap', Y.encodeStateAsUpdate(doc))
console.log(String((await persistence.getYDoc('gap')).getText('body')))
await persistence.close()
`

const [closing] = /^afterAll.*$/m.exec(readPage('docs/RUNTIMES.md').text)
const JEST = `const DynamoDbPersistence = require('y-dynamodb')
const Y = require('yjs')
const persistence = DynamoDbPersistence({ tableName: 'docs', aws: { endpoint: 'memory:', region: 'local' } })
test('stores and reads', async () => {
  const doc = new Y.Doc()
  doc.getText('body').insert(0, 'Dear reader')
  await persistence.storeUpdate('letter', Y.encodeStateAsUpdate(doc))
  expect(String((await persistence.getYDoc('letter')).getText('body'))).toBe('Dear reader')
})
`

describe('runtimes', { concurrency: false }, () => {
  let folder
  before(async () => {
    folder = await project('runtimes')
    write(folder, PROGRAMS)
  })

  for (const [name, [program, args]] of Object.entries(RUNTIMES)) {
    describe(name, () => {
      const start = file => [path.join(folder, 'node_modules', program), [...args, file]]
      const prints = async (file, expected) => {
        for (const suffix of ['', '-shm', '-wal'])
          fs.rmSync(path.join(folder, `docs.db${suffix}`), { force: true })
        assert.deepEqual(await run(...start(file), { cwd: folder, limitMs: LIMIT_MS }), {
          code: 0,
          out: expected
        })
      }

      test('require', () => prints('require.cjs', 'function function function function\n'))
      test('import', () => prints('import.mjs', 'function function function function\n'))
      test('calls', () => prints('calls.mjs', '0 true Dear reader Letter ERR_INVALID_UPDATE\n'))
      test('bindState, ES module', () => prints('bound.mjs', OUTPUT))
      test('bindState, CommonJS', () => prints('bound.cjs', OUTPUT))
      test('a process that does not call close() ends by itself', () => prints('ends.mjs', 'stored\n'))
      test('worker threads', () => prints('worker.mjs', 'Dear reader\nDear reader\n'))

      test('SIGTERM and close() store what waits', async t => {
        if (process.platform === 'win32') return t.skip('Windows has no SIGTERM')
        const [file, list] = start('stopped.mjs')
        const child = spawn(file, list, { cwd: folder, env: { ...process.env, ...ENV }, timeout: LIMIT_MS })
        let out = ''
        for (const stream of [child.stdout, child.stderr])
          stream.setEncoding('utf8').on('data', text => {
            out += text
            if (out === 'ready\n') child.kill('SIGTERM')
          })
        const code = await new Promise(resolve => child.once('close', resolve))
        assert.deepEqual({ code, out }, { code: 0, out: 'ready\nstored with clock 0\n' })
      })
    })
  }

  test('the oldest yjs that package.json allows', async () => {
    const modules = path.join(folder, 'oldest', 'node_modules')
    const copy = (from, to) =>
      fs.cpSync(path.join(folder, 'node_modules', from), path.join(modules, to), { recursive: true })
    copy('oldest-yjs', 'yjs')
    copy('y-dynamodb', 'y-dynamodb')
    write(folder, { 'oldest/bound.mjs': esModule, 'oldest/bound.cjs': commonJs, 'oldest/gap.mjs': GAP })
    for (const [file, out] of [
      ['bound.mjs', OUTPUT],
      ['bound.cjs', OUTPUT],
      ['gap.mjs', 'Dear reader\n']
    ])
      assert.deepEqual(await run(process.execPath, [path.join(folder, 'oldest', file)], {}), { code: 0, out })
  })

  describe('Jest', () => {
    const jest = (...args) =>
      run(
        process.execPath,
        [path.join('node_modules', 'jest', 'bin', 'jest.js'), '--rootDir=jest', ...args],
        { cwd: folder }
      )
    before(() => write(folder, { 'jest/closed.test.js': `${JEST}${closing}`, 'jest/open.test.js': JEST }))

    test('ends by itself, with and without close()', async () => {
      const { code, out } = await jest('--runInBand')
      assert.equal(code, 0, out)
      assert.match(out, /2 passed, 2 total[^]*Ran all test suites\.\s*$/)
    })

    test('--detectOpenHandles reports what docs/RUNTIMES.md says, and nothing after close()', async () => {
      const { out: open } = await jest('--detectOpenHandles', 'open')
      assert.match(open, /1 open handle[^]*napi_rs_threadsafe_function/)
      const { code, out } = await jest('--detectOpenHandles', 'closed')
      assert.equal(code, 0, out)
      assert.doesNotMatch(out, /open handle/)
    })
  })

  test('without permissions, the message says which ones Deno needs', async () => {
    const deno = path.join(folder, 'node_modules', '.bin', 'deno')
    const { code, out } = await run(deno, ['run', '--no-prompt', 'import.mjs'], { cwd: folder })
    assert.equal(code, 1)
    assert.match(out, /Deno needs --allow-ffi, --allow-env/)
  })
})
