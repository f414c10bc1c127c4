/** `migrate` copies a LevelDB of y-leveldb or a table of the original package without loss, also if it is interrupted. */
import assert from 'node:assert/strict'
import path from 'node:path'
import { describe, test } from 'node:test'
import { encodeAny } from 'lib0/buffer'
import { LeveldbPersistence } from 'y-leveldb'
import { DynamoDbPersistence, TestTable, onceOnly } from '../support/dynamodb.mjs'
import { readSortKey, sortKey } from '../support/format.mjs'
import { ProxiedTable, delay, hang } from '../support/proxy.mjs'
import { Y, docOf, keystrokes, textOf, updatesOf } from '../support/documents.mjs'
import { until } from '../support/until.mjs'
import {
  cli,
  cliJson,
  emptyTable,
  filledTable,
  folder,
  sharedTable,
  start,
  tableArgs
} from './support/cli.mjs'

/** A store of y-leveldb with these documents and metas, closed. */
async function levelDb(t, documents, metas = {}) {
  const store = path.join(folder(t), 'store')
  const persistence = new LeveldbPersistence(store)
  for (const [name, updates] of Object.entries(documents)) {
    for (const update of updates) await persistence.storeUpdate(name, update)
  }
  for (const [name, values] of Object.entries(metas)) {
    for (const [key, value] of Object.entries(values)) await persistence.setMeta(name, key, value)
  }
  await persistence.destroy()
  return store
}

async function readAll(table) {
  const persistence = DynamoDbPersistence(table.config({ skipCreateTable: true, gc: false }))
  const found = {}
  for await (const name of persistence.docNames()) found[name] = await persistence.getDiff(name)
  await persistence.close()
  return found
}

/** Compares state vector, deletions and content as yjs reads them. */
function assertSame(update, updates) {
  const [a, b] = [docOf([update]), docOf(updates)]
  assert(Y.equalSnapshots(Y.snapshot(a), Y.snapshot(b)))
  assert.deepEqual(a.getMap('map').toJSON(), b.getMap('map').toJSON())
  assert.equal(textOf(a), textOf(b))
}

describe('migrate --from leveldb:', onceOnly, () => {
  const typed = keystrokes(700)
  const edited = updatesOf(5, doc => {
    doc.getText('text').insert(0, 'hello world')
    doc.getText('text').delete(2, 4)
    doc.getMap('map').set('k', { v: [1, null] })
  })
  const waiting = keystrokes(9).slice(6)

  test('copies documents, their pending updates, and metas byte for byte', async t => {
    const store = await levelDb(
      t,
      { typed, edited, waiting, 'ünï/ø': typed.slice(0, 3) },
      { edited: { title: { a: [1n] } }, metas: { k: -0 } }
    )
    const table = await emptyTable(t)
    const { code, results, stderr } = await cliJson(t, [
      'migrate',
      '--from',
      `leveldb:${store}`,
      ...tableArgs(table)
    ])
    assert.deepEqual([code, stderr], [0, ''])
    assert.deepEqual(results.map(({ name }) => name).sort(), ['edited', 'metas', 'typed', 'waiting', 'ünï/ø'])
    const found = await readAll(table)
    assertSame(found.typed, typed)
    assertSame(found.edited, edited)
    assert(Buffer.from(found.edited).includes('llo '), 'deleted content is still stored')
    assertSame(found['ünï/ø'], typed.slice(0, 3))
    const filled = docOf([found.waiting, ...keystrokes(6)])
    assert.equal(textOf(filled), textOf(docOf(keystrokes(9))))
    const metas = (await table.items()).filter(({ key }) => readSortKey(key)[2] === 'meta')
    assert.deepEqual(metas.map(({ doc, value }) => [doc, [...value]]).sort(), [
      ['edited', [...encodeAny({ a: [1n] })]],
      ['metas', [...encodeAny(-0)]]
    ])
    const before = await table.items()
    const again = await cliJson(t, ['migrate', '--from', `leveldb:${store}`, ...tableArgs(table)])
    assert.equal(again.code, 0)
    assert(again.results.every(({ storedBytes, storedMetas }) => storedBytes === 0 && storedMetas === 0))
    assert.deepEqual(await table.items(), before)
  })

  test('does not change the store', async t => {
    const store = await levelDb(t, { typed }, { typed: { k: 1 } })
    await cli(t, ['migrate', '--from', `leveldb:${store}`, ...tableArgs(await emptyTable(t))])
    const persistence = new LeveldbPersistence(store)
    const read = await persistence._transact(async db => {
      const updates = []
      for await (const [key, value] of db.iterator())
        if (key[2] === 'update') updates.push(new Uint8Array(value))
      return updates
    })
    assert.deepEqual(read, typed)
    await persistence.destroy()
  })

  test('fails if another process has the store open, and copies nothing', async t => {
    const store = await levelDb(t, { typed: typed.slice(0, 2) })
    const server = new LeveldbPersistence(store)
    await server.getAllDocNames()
    const table = await emptyTable(t)
    const { code, failures } = await cliJson(t, [
      'migrate',
      '--from',
      `leveldb:${store}`,
      ...tableArgs(table)
    ])
    assert.deepEqual([code, failures.at(-1).code], [1, 'ERR_SOURCE'])
    assert.deepEqual(await table.items(), [])
    await server.destroy()
  })

  test('skips a document with an invalid update', async t => {
    const store = await levelDb(t, { good: typed.slice(0, 3), bad: typed.slice(0, 3) })
    const persistence = new LeveldbPersistence(store)
    await persistence._transact(db => db.put(['v1', 'bad', 'update', 1], Buffer.from('no update')))
    await persistence.destroy()
    const table = await emptyTable(t)
    const { code, results, failures } = await cliJson(t, [
      'migrate',
      '--from',
      `leveldb:${store}`,
      ...tableArgs(table)
    ])
    assert.deepEqual([code, results.map(({ name }) => name)], [1, ['good']])
    assert.deepEqual(
      failures.map(({ code, docName }) => [code, docName]),
      [['ERR_INVALID_UPDATE', 'bad']]
    )
    assert.deepEqual(Object.keys(await readAll(table)), ['good'])
  })
})

describe('migrate --from dynamodb:', () => {
  test('copies a table of the original package into a new one', async t => {
    const updates = keystrokes(40)
    const source = sharedTable(t)
    await source.create()
    for (const [i, value] of updates.entries())
      await source.put({ doc: 'doc', key: sortKey(['v1', 'doc', 'update', i]), value })
    await source.put({ doc: 'doc', key: sortKey(['v1_sv', 'doc']), value: Buffer.of(0, 1, 0) })
    await source.put({ doc: 'doc', key: sortKey(['v1', 'doc', 'meta', 'k']), value: encodeAny({ a: 1 }) })
    const before = await source.items()
    const target = await emptyTable(t)
    const from = ['--from', `dynamodb:${source.tableName}`, '--from-endpoint', source.endpoint]
    const { code, results } = await cliJson(t, ['migrate', ...from, ...tableArgs(target)])
    assert.deepEqual([code, results.map(({ name, storedMetas }) => [name, storedMetas])], [0, [['doc', 1]]])
    assertSame((await readAll(target)).doc, updates)
    assert.deepEqual(await source.items(), before, 'the source is unchanged')
    const again = await cliJson(t, ['migrate', ...from, ...tableArgs(target)])
    assert.deepEqual([again.code, again.results[0].storedBytes], [0, 0])
  })

  test('compares the content of a document that the table has already', async t => {
    const updates = keystrokes(6)
    const source = await filledTable(t, { doc: updates }, { doc: { k: 1 } })
    const target = await filledTable(
      t,
      { doc: [updates[0], updates[1], updates[5], ...keystrokes(2, { clientID: 9 })] },
      { doc: { k: 2 } }
    )
    const from = ['--from', `dynamodb:${source.tableName}`, '--from-endpoint', source.endpoint]
    const { code, results } = await cliJson(t, ['migrate', ...from, ...tableArgs(target)])
    assert.deepEqual([code, results[0].keptMetas], [1, ['k']])
    assert(results[0].storedBytes > 0)
    assertSame((await readAll(target)).doc, [...updates, ...keystrokes(2, { clientID: 9 })])
  })
})

describe('Ctrl-C', () => {
  const COUNT = 24

  async function slowMigration(t, rule) {
    const documents = Object.fromEntries(
      Array.from({ length: COUNT }, (_, i) => [`doc ${i}`, keystrokes(3, { clientID: i + 1 })])
    )
    const source = await filledTable(t, documents)
    const behind = new TestTable()
    await behind.create()
    const target = await ProxiedTable.before(t, behind)
    target.rule(rule)
    const args = [
      'migrate',
      '--from',
      `dynamodb:${source.tableName}`,
      '--from-endpoint',
      source.endpoint,
      '--concurrency',
      '2',
      '--table',
      behind.tableName,
      '--endpoint',
      target.endpoint
    ]
    return { args, target, behind, documents }
  }

  test('finishes the documents in progress and starts no others; the next run copies the rest', async t => {
    const { args, target, behind, documents } = await slowMigration(t, () => delay(30))
    const run = start(t, args)
    await until('a document is copied', () => run.stdout.includes('\n'))
    run.child.kill('SIGINT')
    const { code, stdout } = await run.ended
    assert.equal(code, 130)
    const moved = stdout.split('\n').filter(line => line.includes(': stored ')).length
    const found = await readAll(behind)
    assert.equal(Object.keys(found).length, moved, 'no document was copied in part')
    assert(moved >= 1 && moved < COUNT, `${moved} of ${COUNT}`)
    for (const [name, update] of Object.entries(found)) assertSame(update, documents[name])
    target.rule(() => undefined)
    const rest = await cliJson(t, args)
    assert.equal(rest.code, 0)
    assert.equal(rest.results.filter(({ storedBytes }) => storedBytes > 0).length, COUNT - moved)
    assert.equal(Object.keys(await readAll(behind)).length, COUNT)
  })

  test('a second time exits immediately', async t => {
    const { args, target } = await slowMigration(t, ({ operation }) =>
      operation === 'PutItem' ? hang : undefined
    )
    const run = start(t, args)
    await until('a put is in flight', () => target.count('PutItem') > 0)
    run.child.kill('SIGINT')
    await until('the first one is handled', () => run.stderr.includes('Ctrl-C again'))
    assert.equal(run.child.exitCode, null)
    const asked = Date.now()
    run.child.kill('SIGINT')
    const { code } = await run.ended
    assert.equal(code, 130)
    // The put alone would take 30 s to fail.
    assert(Date.now() - asked < 15_000)
  })
})
