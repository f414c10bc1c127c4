/** When a process or a worker ends: not before its stores are durable, and not later. Each test starts a process of its own. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { describe, test } from 'node:test'
import { Worker } from 'node:worker_threads'
import { DynamoDbPersistence, TestTable, native, onceOnly } from '../support/dynamodb.mjs'
import { rejectsWith } from '../support/errors.mjs'
import { keystrokes, textOf } from '../support/documents.mjs'
import { run } from '../support/program.mjs'
import { ProxiedTable, delay, hang, pageOf } from '../support/proxy.mjs'

const { getDynamoDbUpdates } = DynamoDbPersistence

const INDEX = new URL('../../index.mjs', import.meta.url)
const [update] = keystrokes(1)

describe('Node exits by itself', () => {
  test('when no call is open', async t => {
    const table = await ProxiedTable.before(t)
    const { code, signal, stderr } = await run(
      table.config(),
      'await persistence.storeUpdate("doc", updates[0])'
    )
    assert.deepEqual([code, signal, stderr], [0, null, ''])
  })

  test('when nothing was ever called', async t => {
    const table = await ProxiedTable.before(t)
    const { code, signal } = await run(table.config(), '')
    assert.deepEqual([code, signal], [0, null])
  })

  test('with a credentials function that was used', async t => {
    const table = await ProxiedTable.before(t)
    const { code, stdout, stderr } = await run(
      table.config(),
      `
      const other = DynamoDbPersistence({ tableName: ${JSON.stringify(table.tableName)}, aws: {
        region: 'us-west-2', endpoint: ${JSON.stringify(table.endpoint)},
        credentials: async () => ({ accessKeyId: 'test', secretAccessKey: 'test' })
      } })
      console.log(await other.storeUpdate('doc', updates[0]))`
    )
    assert.deepEqual([code, stdout, stderr], [0, '0', ''])
  })

  test('but not before a store without await is durable', async t => {
    const table = await ProxiedTable.before(t)
    table.rule(({ operation }) => (operation === 'PutItem' ? delay(700) : undefined))
    const { code } = await run(
      table.config(),
      'for (const update of updates) persistence.storeUpdate("doc", update)'
    )
    assert.equal(code, 0)
    assert.equal(textOf(await table.open(t).getYDoc('doc')).length, 100)
  })

  test('but not before a store that waits in a batch is durable', async t => {
    const table = await ProxiedTable.before(t)
    const { code } = await run(
      table.config({ batchDelayMs: 500 }),
      'persistence.storeUpdate("doc", updates[0])'
    )
    assert.equal(code, 0)
    assert.equal(textOf(await table.open(t).getYDoc('doc')), 'a')
  })

  test('and an unhandled rejection ends it, as in any program', async t => {
    const table = await ProxiedTable.before(t)
    const { code, stderr } = await run(
      table.config(),
      'persistence.storeUpdate("doc", Uint8Array.of(1, 2, 3))'
    )
    assert.equal(code, 1)
    assert.match(stderr, /ERR_INVALID_UPDATE/)
  })
})

describe('close', () => {
  test('waits for all earlier calls; later calls are refused', async t => {
    const table = await ProxiedTable.before(t)
    const persistence = table.open(t)
    await Promise.all(['a', 'b', 'c', 'd'].map(doc => persistence.storeUpdate(doc, update)))
    // Calls of several requests continue after close() was called.
    table.rule(({ operation }) => ({ PutItem: delay(200), Scan: pageOf(1) })[operation])
    let stored = 0
    for (const each of keystrokes(50)) void persistence.storeUpdate('doc', each).then(() => stored++)
    const names = persistence.getAllDocNames()
    const transaction = persistence.transact(db => getDynamoDbUpdates(db, table.tableName, 'doc'))
    const closed = persistence.close()
    const refused = {
      storeUpdate: persistence.storeUpdate('doc', update),
      getYDoc: persistence.getYDoc('doc'),
      getMetas: persistence.getMetas('doc', true),
      getAllDocNames: persistence.getAllDocNames(),
      clearAll: persistence.clearAll(),
      transact: persistence.transact(() => 1),
      docNames: persistence.docNames().next()
    }
    for (const call of Object.values(refused)) await rejectsWith('ERR_CLOSED', call)
    assert.equal(await closed, undefined)
    assert.equal(stored, 50)
    assert.deepEqual((await names).filter(name => name !== 'doc').sort(), ['a', 'b', 'c', 'd'])
    assert((await transaction).length > 0)
    assert.equal(textOf(await new TestTable(table.behind).open(t).getYDoc('doc')).length, 50)
  })

  test('resolves only when every store is durable', async t => {
    const table = await ProxiedTable.before(t)
    const persistence = table.open(t)
    table.rule(({ operation }) => (operation === 'PutItem' ? delay(300) : undefined))
    for (const doc of ['a', 'b']) void persistence.storeUpdate(doc, update)
    await persistence.close()
    assert.deepEqual((await table.items()).map(({ doc }) => doc).sort(), ['a', 'b'])
  })

  test('sends what batchDelayMs delays', async t => {
    const table = new TestTable()
    const persistence = table.open(t, { batchDelayMs: 60_000 })
    const stored = persistence.storeUpdate('doc', update)
    await persistence.close()
    assert.equal(await stored, 0)
  })

  test('may be called twice, also as destroy', async t => {
    const persistence = new TestTable().open(t)
    await Promise.all([persistence.close(), persistence.destroy(), persistence.close()])
    await rejectsWith('ERR_CLOSED', persistence.getYDoc('doc'), 'doc')
  })

  test('does not affect other persistences on the table', async t => {
    const table = new TestTable()
    const [one, other] = [table.open(t), table.open(t)]
    await one.storeUpdate('doc', update)
    await one.close()
    assert.equal(textOf(await other.getYDoc('doc')), 'a')
  })
})

describe('a worker thread', () => {
  const source = `
    import { parentPort, workerData } from 'node:worker_threads'
    const { default: DynamoDbPersistence } = await import(workerData.index)
    const persistence = DynamoDbPersistence(workerData.config)
    const update = workerData.update
    parentPort.postMessage(await persistence.storeUpdate(workerData.doc, update))
    if (workerData.stay) {
      for (;;) await Promise.all(Array.from({ length: 50 }, () => persistence.storeUpdate(workerData.doc, update)))
    }
    await persistence.close()`

  function start(config, doc, stay = false) {
    return new Worker(new URL(`data:text/javascript,${encodeURIComponent(source)}`), {
      workerData: { index: INDEX.href, config, update, doc, stay }
    })
  }

  test('stores, and ends by itself', async t => {
    const table = await ProxiedTable.before(t)
    const workers = ['a', 'b', 'c'].map(doc => start(table.config(), doc))
    const ends = await Promise.all(workers.map(async worker => (await once(worker, 'exit'))[0]))
    assert.deepEqual(ends, [0, 0, 0])
    assert.deepEqual((await table.open(t).getAllDocNames()).sort(), ['a', 'b', 'c'])
  })

  test('can be terminated repeatedly during calls', { timeout: 60_000 }, async t => {
    const table = await ProxiedTable.before(t)
    const persistence = table.open(t)
    for (let i = 0; i < 5; i++) {
      const worker = start(table.config(), `doc ${i}`, true)
      await once(worker, 'message')
      await worker.terminate()
      assert.equal(textOf(await persistence.getYDoc(`doc ${i}`)), 'a')
    }
  })

  test('can be terminated while a call hangs', async t => {
    const table = await ProxiedTable.before(t)
    const persistence = table.open(t)
    await persistence.storeUpdate('other', update)
    table.rule(({ body }) => (JSON.stringify(body).includes('"stuck"') ? hang : undefined))
    const worker = start(table.config(), 'stuck')
    while (!table.requests.some(({ body }) => JSON.stringify(body).includes('"stuck"'))) {
      await new Promise(resolve => setTimeout(resolve, 20))
    }
    await worker.terminate()
    assert.equal(textOf(await persistence.getYDoc('other')), 'a')
  })
})

describe('a panic in Rust', onceOnly, () => {
  test('is an ERR_INTERNAL and does not end the process', async t => {
    assert.equal(typeof native.panicInCalls, 'function', 'the addon was built without the feature test-hooks')
    const persistence = new TestTable().open(t)
    await persistence.storeUpdate('doc', update)
    native.panicInCalls('doc', 'at once')
    await rejectsWith('ERR_INTERNAL', persistence.getYDoc('doc'), 'doc')
    native.panicInCalls('doc', 'later')
    await rejectsWith('ERR_INTERNAL', persistence.getYDoc('doc'), 'doc')
    native.panicInCalls('', '')
    assert.equal(textOf(await persistence.getYDoc('doc')), 'a')
  })
})
