/**
 * The package as npm installs it, in the folder of an application: each entry loads the yjs of the application, with CommonJS
 * and ES modules.
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { onceOnly } from '../support/dynamodb.mjs'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** An application with this package installed as by npm, and with the named packages. */
async function app(t, { packages = ['yjs', 'lib0'], files }) {
  const folder = await mkdtemp(path.join(tmpdir(), 'y-dynamodb-app-'))
  t.after(() => rm(folder, { recursive: true }))
  const installed = path.join(folder, 'node_modules', 'y-dynamodb')
  await mkdir(installed, { recursive: true })
  const { files: published } = JSON.parse(await readFile(path.join(ROOT, 'package.json'), 'utf8'))
  const suffix = `${process.platform}-${process.arch}`
  for (const file of ['package.json', ...published]) {
    await cp(path.join(ROOT, file), path.join(installed, file), { recursive: true }).catch(error => {
      // Some published files are not needed to run: the changelog, docs.
      if (error.code !== 'ENOENT' || /\.[cm]?js$/.test(file)) throw error
    })
  }
  for (const abi of ['', '-gnu', '-musl', '-msvc']) {
    const name = `y-dynamodb.${suffix}${abi}.node`
    await symlink(path.join(ROOT, name), path.join(installed, name))
  }
  for (const name of packages)
    await cp(path.join(ROOT, 'node_modules', name), path.join(folder, 'node_modules', name), {
      recursive: true
    })
  for (const [name, text] of Object.entries(files)) await writeFile(path.join(folder, name), text)
  return folder
}

function node(folder, ...args) {
  return new Promise(resolve => {
    execFile(process.execPath, args, { cwd: folder, timeout: 120_000 }, (error, stdout, stderr) => {
      resolve({ code: error?.code ?? 0, stdout: stdout.trim(), stderr: stderr.trim() })
    })
  })
}

const ROUND_TRIP = `
async function roundTrip (persistence, Y) {
  const doc = new Y.Doc()
  doc.getText('text').insert(0, 'hello')
  await persistence.storeUpdate('doc', Y.encodeStateAsUpdate(doc))
  const stored = await persistence.getYDoc('doc')
  console.log(stored instanceof Y.Doc, stored.getText('text').toString())
  await persistence.close()
}
const config = { tableName: 'docs', aws: { endpoint: 'memory:' } }
`

describe("each entry brings its app's own yjs, without a warning of a second one", onceOnly, () => {
  const apps = {
    'a CommonJS app': [
      'main.cjs',
      `
      const DynamoDbPersistence = require('y-dynamodb')
      const Y = require('yjs')
      ${ROUND_TRIP}
      roundTrip(DynamoDbPersistence(config), Y)`
    ],
    'an ES module app': [
      'main.mjs',
      `
      import DynamoDbPersistence from 'y-dynamodb'
      import * as Y from 'yjs'
      ${ROUND_TRIP}
      await roundTrip(new DynamoDbPersistence(config), Y)`
    ],
    'a TypeScript app compiled to ES modules': [
      'main.mjs',
      `
      import { DynamoDbPersistence } from 'y-dynamodb'
      import * as Y from 'yjs'
      ${ROUND_TRIP}
      await roundTrip(new DynamoDbPersistence(config), Y)`
    ],
    'a TypeScript app compiled to CommonJS': [
      'main.cjs',
      `
      "use strict"
      var __importDefault = (this && this.__importDefault) || function (mod) { return (mod && mod.__esModule) ? mod : { "default": mod } }
      const y_dynamodb_1 = __importDefault(require('y-dynamodb'))
      const y_dynamodb_2 = require('y-dynamodb')
      const Y = require('yjs')
      ${ROUND_TRIP}
      if (y_dynamodb_1.default !== y_dynamodb_2.DynamoDbPersistence) throw new Error('two functions')
      roundTrip(new y_dynamodb_1.default(config), Y)`
    ]
  }
  for (const [what, [file, text]] of Object.entries(apps)) {
    test(what, async t => {
      const folder = await app(t, { files: { [file]: text } })
      assert.deepEqual(await node(folder, file), { code: 0, stdout: 'true hello', stderr: '' })
    })
  }
})

describe('yjs', onceOnly, () => {
  const WITHOUT = `
    const config = { tableName: 'docs', aws: { endpoint: 'memory:' } }
    const persistence = DynamoDbPersistence(config)
    await persistence.storeUpdate('doc', Uint8Array.of(1, 1, 1, 0, 4, 1, 1, 116, 1, 104, 0))
    console.log((await persistence.getStateVector('doc')).join())
    await persistence.getYDoc('doc').catch(error => console.log(error.code, error.message))
    const Y = { Doc: class {}, applyUpdate (doc, update) { doc.update = update } }
    const other = DynamoDbPersistence({ ...config, Y })
    console.log((await other.getYDoc('doc')).update.join())`
  const apps = {
    'a CommonJS app': [
      'main.cjs',
      `(async () => { const DynamoDbPersistence = require('y-dynamodb'); ${WITHOUT} })()`
    ],
    'an ES module app': ['main.mjs', `import DynamoDbPersistence from 'y-dynamodb'; ${WITHOUT}`]
  }
  for (const [what, [file, text]] of Object.entries(apps)) {
    test(`is needed by getYDoc only, which says what to do if it is missing: ${what}`, async t => {
      const folder = await app(t, { packages: ['lib0'], files: { [file]: text } })
      const { code, stdout, stderr } = await node(folder, file)
      assert.deepEqual([code, stderr], [0, ''])
      const [stateVector, error, bytes] = stdout.split('\n')
      assert.equal(stateVector, '1,1,1')
      assert.match(error, /^ERR_INVALID_ARGUMENT .*npm install yjs/)
      assert.equal(bytes, '0,0')
    })
  }
})

describe(
  'a document is bound with its own copy of yjs, and yjs does not warn about a second one',
  onceOnly,
  () => {
    const BIND = `
    const bind = async (DynamoDbPersistence, Y) => {
      const persistence = DynamoDbPersistence({ tableName: 'docs', aws: { endpoint: 'memory:' }, onError: error => { throw error } })
      const [doc, again] = [new Y.Doc(), new Y.Doc()]
      doc.getText('text').insert(0, 'hello')
      await persistence.bindState('doc', doc)
      await persistence.writeState('doc', doc)
      await persistence.bindState('doc', again)
      console.log(again.getText('text').toString(), again.getText('text')._start instanceof Y.Item)
      await persistence.close()
    }`
    const apps = {
      'a CommonJS app': [
        'main.cjs',
        `${BIND}
      bind(require('y-dynamodb'), require('yjs'))`
      ],
      'an ES module app': [
        'main.mjs',
        `import DynamoDbPersistence from 'y-dynamodb'; import * as Y from 'yjs'; ${BIND}
      await bind(DynamoDbPersistence, Y)`
      ],
      'an ES module app with a server that is CommonJS': [
        'main.mjs',
        `
      import { createRequire } from 'node:module'; import DynamoDbPersistence from 'y-dynamodb'; ${BIND}
      await bind(DynamoDbPersistence, createRequire(import.meta.url)('yjs'))`
      ],
      'a CommonJS app with a server that is an ES module': [
        'main.cjs',
        `${BIND}
      import('yjs').then(Y => bind(require('y-dynamodb'), Y))`
      ]
    }
    for (const [what, [file, text]] of Object.entries(apps)) {
      test(what, async t => {
        const folder = await app(t, { files: { [file]: text } })
        assert.deepEqual(await node(folder, file), { code: 0, stdout: 'hello true', stderr: '' })
      })
    }
  }
)

test(
  'the extension for Hocuspocus is there by import and require, and needs no Hocuspocus to load',
  onceOnly,
  async t => {
    const folder = await app(t, {
      files: {
        'main.mjs': `
        import { createRequire } from 'node:module'
        import DynamoDbPersistence from 'y-dynamodb'
        import { DynamoDB } from 'y-dynamodb/hocuspocus'
        const { DynamoDB: CommonJs } = createRequire(import.meta.url)('y-dynamodb/hocuspocus')
        const persistence = DynamoDbPersistence({ tableName: 'docs', aws: { endpoint: 'memory:' } })
        console.log(new DynamoDB({ persistence }).persistence === persistence, new CommonJs({ persistence }).persistence === persistence)
        await persistence.close()`
      }
    })
    assert.deepEqual(await node(folder, 'main.mjs'), { code: 0, stdout: 'true true', stderr: '' })
  }
)

test('instances of one entry are instances of the other', onceOnly, async t => {
  const folder = await app(t, {
    files: {
      'main.mjs': `
        import DynamoDbPersistence, { PersistenceError, PREFERRED_TRIM_SIZE, getDynamoDbUpdates } from 'y-dynamodb'
        import { createRequire } from 'node:module'
        const cjs = createRequire(import.meta.url)('y-dynamodb')
        const config = { tableName: 'docs', aws: { endpoint: 'memory:' } }
        class Mine extends DynamoDbPersistence { hello () { return 'hello' } }
        console.log(
          cjs(config) instanceof DynamoDbPersistence, new DynamoDbPersistence(config) instanceof cjs,
          PersistenceError === cjs.PersistenceError, PREFERRED_TRIM_SIZE === cjs.PREFERRED_TRIM_SIZE,
          getDynamoDbUpdates === cjs.getDynamoDbUpdates, cjs.default === cjs,
          new Mine(config).hello(), new Mine(config) instanceof DynamoDbPersistence)`
    }
  })
  assert.deepEqual(await node(folder, 'main.mjs'), {
    code: 0,
    stdout: 'true true true true true true hello true',
    stderr: ''
  })
})

test('without a binary the message says for which platform, and what to do', onceOnly, async t => {
  const folder = await app(t, { files: { 'main.cjs': "require('y-dynamodb')" } })
  for (const abi of ['', '-gnu', '-musl', '-msvc']) {
    await rm(
      path.join(
        folder,
        'node_modules/y-dynamodb',
        `y-dynamodb.${process.platform}-${process.arch}${abi}.node`
      ),
      { force: true }
    )
  }
  const { code, stderr } = await node(folder, 'main.cjs')
  assert.notEqual(code, 0)
  assert.match(stderr, new RegExp(`@y-dynamodb/${process.platform}-${process.arch}`))
  assert.match(stderr, /npm install --include=optional/)
})
