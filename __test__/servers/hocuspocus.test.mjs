/**
 * A real Hocuspocus server with real clients, on a table that can fail: every change is stored, and documents are loaded
 * again.
 */
import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { describe, test } from 'node:test'
import { Server } from '@hocuspocus/server'
import { DynamoDB } from 'y-dynamodb/hocuspocus'
import * as Y from 'yjs'
import { until } from '../support/until.mjs'
import { textOf } from '../support/documents.mjs'
import { TestTable } from '../support/dynamodb.mjs'
import { ProxiedTable, delay, deny } from '../support/proxy.mjs'
import { denyReads, denyWrites, open, store, storedText } from './hocuspocus.mjs'

/** Only Hocuspocus 3 waits in `transact` until a change is stored; both wait in `disconnect`. See installed/hocuspocus.mjs. */
const transactWaits = process.env.HOCUSPOCUS === undefined

describe('a Hocuspocus server', () => {
  test('loads its documents after a restart', async t => {
    const table = new TestTable()
    const keeper = table.open(t) // a database in memory ends when its last persistence is closed
    await keeper.getAllDocNames()
    const first = await open(t, table)
    const [a, b] = [first.join('a'), first.join('b')]
    await until('synchronisation', () => a.isSynced() && b.isSynced())
    a.text.insert(0, 'text of a')
    b.text.insert(0, 'text of b')
    await until(
      'the text at the server',
      () =>
        first.documents.get('a').getText('text').length > 0
        && first.documents.get('b').getText('text').length > 0
    )
    await first.stop()

    const second = await open(t, table)
    const again = [second.join('a'), second.join('b')]
    await until('synchronisation', () => again.every(({ isSynced }) => isSynced()))
    // The server loads a document before a client gets it.
    assert.deepEqual(
      again.map(({ doc }) => textOf(doc)),
      ['text of a', 'text of b']
    )
    assert.deepEqual([...first.codes(), ...second.codes()], [])
  })

  test('loads a document again after unloading it, and stores only increments', async t => {
    const table = new TestTable()
    const { documents, extension, join } = await open(t, table)
    const first = join('doc')
    await until('synchronisation', first.isSynced)
    first.text.insert(0, 'x'.repeat(10_000))
    await until('the long text in the table', async () => (await storedText(table)) !== '')
    first.text.insert(0, 'a')
    first.leave()
    await until('the unloading', () => documents.size === 0)
    assert.equal((await storedText(table)).length, 10_001)
    const bytes = extension.persistence.stats().batches.bytesBefore
    assert(bytes < 10_200, `${bytes} bytes for 10,001 letters`)
    const second = join('doc')
    await until('synchronisation', second.isSynced)
    assert.equal(second.text.length, 10_001)
    assert.equal(extension.persistence.stats().batches.bytesBefore, bytes)
  })

  test('keeps a document in memory until all of it is stored', async t => {
    const table = await ProxiedTable.before(t)
    const { documents, join, codes } = await open(t, table)
    const client = join('doc')
    await until('synchronisation', client.isSynced)
    table.rule(denyWrites)
    client.text.insert(0, 'not stored yet')
    await until('a refusal', () => codes().length > 0)
    client.leave()
    await until('the end of the connection', () => documents.get('doc').getConnectionsCount() === 0)
    await until('two more refusals', () => codes().length > 2)
    assert(documents.has('doc'))
    table.rule(() => undefined)
    await until('the unloading', () => documents.size === 0)
    assert.equal(await storedText(table), 'not stored yet')
    assert.deepEqual([...new Set(codes())], ['ERR_ACCESS'])
  })

  test('stores a change that comes while the document is being unloaded', async t => {
    const table = await ProxiedTable.before(t)
    let reached
    const unloading = new Promise(resolve => {
      reached = resolve
    })
    const { hocuspocus, documents, join, codes } = await open(t, table, {
      extensions: [{ priority: 1_000, beforeUnloadDocument: async () => reached() }]
    })
    const client = join('doc')
    await until('synchronisation', client.isSynced)
    table.rule(denyWrites)
    const document = documents.get('doc')
    // A change without a client, so that the server unloads at once.
    document.getText('text').insert(0, 'before, ')
    client.leave()
    await unloading
    document.getText('text').insert(8, 'during')
    await until('a refusal', () => codes().length > 0)
    table.rule(() => undefined)
    await until('the unloading', () => documents.size === 0)
    assert.equal(await storedText(table), 'before, during')
    const connection = await hocuspocus.openDirectConnection('doc')
    assert.equal(textOf(connection.document), 'before, during')
    await connection.disconnect()
  })

  test('refuses a client whose document cannot be loaded, and accepts later clients', async t => {
    const table = await ProxiedTable.before(t)
    await store(table, 'doc', 'stored')
    let made
    const { documents, join, codes, extension } = await open(t, table, {
      extensions: [
        {
          priority: 1_000,
          onLoadDocument: async ({ document }) => {
            made = document
          }
        }
      ]
    })
    table.rule(denyReads)
    const refused = join('doc')
    await until('the refusal', () => refused.refusals.length > 0)
    assert.equal(refused.isSynced(), false)
    assert.equal(documents.size, 0)
    assert(made.isDestroyed)
    assert.deepEqual(extension.persistence.stats().bound, {
      loading: 0,
      waitingDocuments: 0,
      waitingUpdates: 0,
      waitingBytes: 0
    })
    table.rule(() => undefined)
    const client = join('doc')
    await until('synchronisation', client.isSynced)
    assert.equal(textOf(client.doc), 'stored')
    assert.deepEqual([...new Set(codes())], ['ERR_ACCESS'])
  })

  test('stores what another extension inserts, and does not wait for hooks of other extensions', async t => {
    const table = new TestTable()
    const template = {
      priority: 1_000,
      onLoadDocument: async ({ document }) => {
        document.getText('text').insert(0, 'a template')
      },
      onChange: () => new Promise(() => {})
    }
    const { documents, join } = await open(t, table, { extensions: [template] })
    const client = join('doc')
    await until('synchronisation', client.isSynced)
    client.text.insert(0, 'typed in ')
    await until('the change at the server', () => documents.get('doc').getText('text').length > 10)
    client.leave()
    await until('the unloading', () => documents.size === 0)
    assert.equal(await storedText(table), 'typed in a template')
  })

  test('onStoreDocument does not wait for a failing table, so the server can be destroyed', async t => {
    const table = await ProxiedTable.before(t)
    let runs = 0
    const { join, stop, reported, documents } = await open(t, table, {
      extensions: [
        {
          afterStoreDocument: async () => {
            runs++
          }
        }
      ]
    })
    const client = join('doc')
    await until('synchronisation', client.isSynced)
    table.rule(denyWrites)
    client.text.insert(0, 'not stored')
    await until('a refusal', () => reported.length > 0)
    await until('the end of a run', () => runs > 0)
    assert(documents.has('doc'))
    await stop()
    assert.equal(reported.filter(([, { update }]) => update).length, 1)
  })

  test('a direct connection waits until its change is stored', async t => {
    const table = await ProxiedTable.before(t)
    table.rule(({ operation }) => (operation === 'PutItem' ? delay(500) : undefined))
    const { hocuspocus } = await open(t, table)
    const connection = await hocuspocus.openDirectConnection('doc')
    await connection.transact(document => document.getText('text').insert(0, 'written by the server'))
    if (transactWaits) assert.equal(await storedText(table), 'written by the server')
    await connection.disconnect()
    assert.equal(await storedText(table), 'written by the server')
  })

  test('a direct connection waits even if a client keeps the document in memory', async t => {
    const table = await ProxiedTable.before(t)
    table.rule(({ operation }) => (operation === 'PutItem' ? delay(500) : undefined))
    const { hocuspocus, join } = await open(t, table)
    const client = join('doc')
    await until('synchronisation', client.isSynced)
    const connection = await hocuspocus.openDirectConnection('doc')
    await connection.transact(document => document.getText('text').insert(0, 'written by the server'))
    await connection.disconnect()
    assert.equal(await storedText(table), 'written by the server')
  })

  test('that does not listen itself also makes a direct connection wait', async t => {
    const table = await ProxiedTable.before(t)
    let refusals = 0
    table.rule(({ operation }) => (operation === 'PutItem' && refusals++ < 1 ? deny : undefined))
    const { hocuspocus } = new Server({
      quiet: true,
      stopOnSignals: false,
      extensions: [new DynamoDB({ persistence: table.open(t) })]
    })
    const connection = await hocuspocus.openDirectConnection('doc')
    await connection.transact(document => document.getText('text').insert(0, 'behind another http server'))
    if (transactWaits) assert.equal(await storedText(table), 'behind another http server')
    await connection.disconnect()
    assert.equal(await storedText(table), 'behind another http server')
  })

  test('loads a document again that is cleared while it is open', async t => {
    const table = new TestTable()
    const { documents, join, codes, extension } = await open(t, table)
    // A provider whose document was closed connects again when it has received nothing for a while (30 s by default).
    const client = join('doc', { messageReconnectTimeout: 2_000 })
    await until('synchronisation', client.isSynced)
    client.text.insert(0, 'before')
    await until('the text in the table', async () => (await storedText(table)) === 'before')
    const former = documents.get('doc')
    await extension.persistence.clearDocument('doc')
    await until('the end of the former document', () => former.isDestroyed)
    await until('the new document', () => documents.has('doc') && client.isSynced())
    client.text.insert(6, ' and after')
    await until('the text in the table', async () => (await storedText(table)) === 'before and after')
    assert.deepEqual(codes(), ['ERR_CLEARED'])
  })

  test('ends although the table still fails, and reports what is not stored', async t => {
    const table = await ProxiedTable.before(t)
    const { join, stop, reported, documents } = await open(t, table)
    const client = join('doc')
    await until('synchronisation', client.isSynced)
    table.rule(denyWrites)
    client.text.insert(0, 'not stored')
    await until('the text at the server', () => documents.get('doc').getText('text').length > 0)
    await stop()
    const given = reported.flatMap(([code, { operation, update }]) =>
      update ? [[code, operation, update]] : []
    )
    assert.deepEqual(
      given.map(([code, operation]) => [code, operation]),
      [['ERR_ACCESS', 'close']]
    )
    const doc = new Y.Doc()
    Y.applyUpdate(doc, given[0][2])
    assert.equal(textOf(doc), 'not stored')
  })
})

test('an existing persistence stays open when the server ends, and everything is stored', async t => {
  const table = new TestTable()
  const persistence = table.open(t)
  const extension = new DynamoDB({ persistence })
  assert.equal(extension.persistence, persistence)
  const document = new Y.Doc()
  await extension.onLoadDocument({ documentName: 'doc', document })
  document.getText('text').insert(0, 'stored')
  await extension.onDestroy()
  assert.deepEqual(persistence.stats().bound, {
    loading: 0,
    waitingDocuments: 0,
    waitingUpdates: 0,
    waitingBytes: 0
  })
  assert.equal(textOf(await persistence.getYDoc('doc')), 'stored')
})

test('wrong options are refused', async t => {
  const persistence = new TestTable().open(t)
  const { DynamoDB: CommonJs } = createRequire(import.meta.url)('y-dynamodb/hocuspocus')
  for (const Extension of [DynamoDB, CommonJs]) {
    for (const options of [
      undefined,
      null,
      'docs',
      {},
      { persistence: {} },
      { persistence, tableName: 'docs' },
      { tableName: 'docs', tabelName: '' }
    ]) {
      assert.throws(() => new Extension(options), { code: 'ERR_INVALID_ARGUMENT' })
    }
    new Extension({ persistence })
  }
})
