import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { describe, test } from 'node:test'
import { HocuspocusProvider, HocuspocusProviderWebsocket } from '@hocuspocus/provider'
import { Server } from '@hocuspocus/server'
import WebSocket from 'ws'
import { DynamoDB } from 'y-dynamodb/hocuspocus'
import * as Y from 'yjs'
import { until } from '../support/until.mjs'
import { textOf } from '../support/documents.mjs'
import { DynamoDbPersistence, TestTable } from '../support/engine.mjs'
import { ProxiedTable, delay, deny } from '../support/proxy.mjs'

/** A server on a table, whose extension has a persistence of its own. */
const open = async (t, table, { extensions = [], ...more } = {}) => {
  const reported = []
  const onError = (error, context) => reported.push([error.code, context])
  const extension = new DynamoDB(table.config({ onError, ...more }))
  const server = new Server({
    port: 0,
    address: '127.0.0.1',
    quiet: true,
    stopOnSignals: false,
    debounce: 50,
    extensions: [...extensions, extension]
  })
  await server.listen()
  let destroyed
  const stop = () => {
    destroyed ??= server.destroy()
    return destroyed
  }
  t.after(stop)
  const { documents } = server.hocuspocus
  const join = docName => joined(t, `ws://127.0.0.1:${server.address.port}`, docName)
  return {
    server,
    hocuspocus: server.hocuspocus,
    documents,
    extension,
    reported,
    stop,
    join,
    codes: () => reported.map(([code]) => code)
  }
}

const joined = (t, url, name) => {
  const doc = new Y.Doc()
  const websocketProvider = new HocuspocusProviderWebsocket({ url, WebSocketPolyfill: WebSocket })
  const refusals = []
  const provider = new HocuspocusProvider({
    websocketProvider,
    name,
    document: doc,
    onAuthenticationFailed: refusal => refusals.push(refusal),
    onClose: refusal => refusals.push(refusal)
  })
  provider.attach()
  const leave = () => {
    provider.destroy()
    websocketProvider.destroy()
    doc.destroy()
  }
  t.after(leave)
  return { doc, text: doc.getText('text'), leave, refusals, isSynced: () => provider.synced }
}

const stored = async (table, docName = 'doc') => {
  const persistence = DynamoDbPersistence({
    ...table.config(),
    ...(table.behind && { aws: table.behind.config().aws })
  })
  try {
    return textOf(await persistence.getYDoc(docName))
  } finally {
    await persistence.close()
  }
}

const store = async (table, docName, text) => {
  const persistence = DynamoDbPersistence(table.config())
  const doc = new Y.Doc()
  doc.getText('text').insert(0, text)
  await persistence.storeUpdate(docName, Y.encodeStateAsUpdate(doc))
  await persistence.close()
}

const denyWrites = ({ operation }) => (operation === 'PutItem' ? deny : undefined)
const denyReads = ({ operation }) => (operation === 'Query' ? deny : undefined)

describe('a Hocuspocus server', () => {
  test('has its documents again after a restart, each its own', async t => {
    const table = new TestTable()
    const keeper = table.open(t) // a database in memory ends with the last who has it open
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
    // It was loaded before the first client got it.
    assert.deepEqual(
      again.map(({ doc }) => textOf(doc)),
      ['text of a', 'text of b']
    )
    assert.deepEqual([...first.codes(), ...second.codes()], [])
  })

  test('loads a document again that it has unloaded, and stores increments only', async t => {
    const table = new TestTable()
    const { documents, extension, join } = await open(t, table)
    const first = join('doc')
    await until('synchronisation', first.isSynced)
    first.text.insert(0, 'x'.repeat(10_000))
    await until('the long text in the table', async () => (await stored(table)) !== '')
    first.text.insert(0, 'a')
    first.leave()
    await until('the unloading', () => documents.size === 0)
    assert.equal((await stored(table)).length, 10_001)
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
    assert.equal(await stored(table), 'not stored yet')
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
    // Not from a client, so that the server begins to unload at once.
    document.getText('text').insert(0, 'before, ')
    client.leave()
    await unloading
    document.getText('text').insert(8, 'during')
    await until('a refusal', () => codes().length > 0)
    table.rule(() => undefined)
    await until('the unloading', () => documents.size === 0)
    assert.equal(await stored(table), 'before, during')
    const connection = await hocuspocus.openDirectConnection('doc')
    assert.equal(textOf(connection.document), 'before, during')
    await connection.disconnect()
  })

  test('refuses a client whose document cannot be loaded, and lets others in later', async t => {
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

  test('stores what another extension puts into a document, and does not wait for the hooks of others', async t => {
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
    assert.equal(await stored(table), 'typed in a template')
  })

  test('a table that fails keeps no run of the hook onStoreDocument waiting, and so the server ends', async t => {
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

  test('a direct connection has stored what it changed', async t => {
    const table = await ProxiedTable.before(t)
    table.rule(({ operation }) => (operation === 'PutItem' ? delay(500) : undefined))
    const { hocuspocus } = await open(t, table)
    const connection = await hocuspocus.openDirectConnection('doc')
    await connection.transact(document => document.getText('text').insert(0, 'written by the server'))
    assert.equal(await stored(table), 'written by the server')
    await connection.disconnect()
  })

  test('that does not listen itself lets a direct connection wait all the same', async t => {
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
    assert.equal(await stored(table), 'behind another http server')
    await connection.disconnect()
  })

  test('ends on a table that goes on failing, and hands back what was not stored', async t => {
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

test('a persistence that is given stays open when the server ends, and has stored everything', async t => {
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
