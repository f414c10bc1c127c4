/** Every call on the happy path: its result, the requests that it sends, and what it refuses. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { DynamoDbPersistence, TestTable } from '../support/dynamodb.mjs'
import { rejectsWith } from '../support/errors.mjs'
import { Y, docOf, keys, keystrokes, mapOf, textOf, updatesOf } from '../support/documents.mjs'
import { recorder } from '../support/proxy.mjs'

const WRITES = new Set([
  'PutItem',
  'UpdateItem',
  'DeleteItem',
  'BatchWriteItem',
  'TransactWriteItems',
  'CreateTable'
])

test('a document is read as it was stored', async t => {
  const persistence = new TestTable().open(t)
  const updates = keystrokes(50)
  const clocks = []
  for (const update of updates) clocks.push(await persistence.storeUpdate('doc', update))
  assert(clocks.every(clock => Number.isInteger(clock) && clock >= 0))
  const doc = await persistence.getYDoc('doc')
  assert(doc instanceof Y.Doc)
  assert.equal(textOf(doc), textOf(docOf(updates)))
  assert.deepEqual(await persistence.getStateVector('doc'), Y.encodeStateVector(docOf(updates)))
})

test('all kinds of content are read as they were stored', async t => {
  const persistence = new TestTable().open(t)
  const updates = updatesOf(5, doc => {
    doc
      .getText('rich')
      .applyDelta([{ insert: 'bold', attributes: { bold: true } }, { insert: { image: 'x' } }])
    doc
      .getMap('map')
      .set('values', [1, -0, 1.5, 'é😀', null, undefined, true, 2n ** 40n, new Uint8Array([1, 2])])
    doc.getArray('array').insert(0, [new Y.Map([['a', new Y.Text('nested')]])])
    doc.getXmlFragment('xml').insert(0, [new Y.XmlElement('p')])
    doc.getMap('map').set('sub', new Y.Doc({ guid: 'sub' }))
    doc.getText('rich').delete(1, 2)
  })
  for (const update of updates) await persistence.storeUpdate('doc', update)
  const expected = docOf(updates)
  for (const read of [
    await persistence.getYDoc('doc'),
    (await persistence.flushDocument('doc'), await persistence.getYDoc('doc'))
  ]) {
    assert.deepEqual(read.getText('rich').toDelta(), expected.getText('rich').toDelta())
    const { sub, ...map } = read.getMap('map').toJSON()
    const { sub: expectedSub, ...expectedMap } = expected.getMap('map').toJSON()
    assert.deepEqual(map, expectedMap)
    assert.equal(read.getMap('map').get('sub').guid, 'sub')
    assert.deepEqual(read.getArray('array').toJSON(), expected.getArray('array').toJSON())
    assert.equal(read.getXmlFragment('xml').toString(), expected.getXmlFragment('xml').toString())
    assert.deepEqual(Y.encodeStateVector(read), Y.encodeStateVector(expected))
  }
})

describe('a missing document', () => {
  test('is empty, and reading it writes nothing', async t => {
    const table = await recorder(t, new TestTable())
    const persistence = table.open(t)
    await persistence.getYDoc('exists already')
    table.requests.length = 0
    const doc = await persistence.getYDoc('missing')
    assert.deepEqual(Y.encodeStateAsUpdate(doc), Uint8Array.of(0, 0))
    assert.deepEqual(await persistence.getStateVector('missing'), Uint8Array.of(0))
    assert.deepEqual(await persistence.getDiff('missing', Uint8Array.of(0)), Uint8Array.of(0, 0))
    assert.equal(await persistence.getMeta('missing', 'key'), undefined)
    assert.deepEqual(await persistence.getMetas('missing'), new Map())
    assert.deepEqual(
      table.requests.filter(({ operation }) => WRITES.has(operation)),
      []
    )
    assert.deepEqual(await table.items(), [])
  })

  test('can be flushed, cleared, and its metas deleted', async t => {
    const table = new TestTable()
    const persistence = table.open(t)
    assert.equal(await persistence.flushDocument('missing'), -1)
    assert.equal(await persistence.clearDocument('missing'), undefined)
    assert.equal(await persistence.delMeta('missing', 'key'), undefined)
    assert.deepEqual(await table.items(), [])
  })
})

test('getDiff gives what a peer lacks', async t => {
  const persistence = new TestTable().open(t)
  const updates = keystrokes(200)
  const peer = docOf(updates.slice(0, 120))
  for (const update of updates) void persistence.storeUpdate('doc', update)
  const diff = await persistence.getDiff('doc', Y.encodeStateVector(peer))
  const all = await persistence.getDiff('doc')
  assert(diff.length < all.length)
  Y.applyUpdate(peer, diff)
  assert.equal(textOf(peer), textOf(docOf(updates)))
  assert.equal(textOf(docOf([all])), textOf(docOf(updates)))
  assert.deepEqual(await persistence.getDiff('doc', null, true), all)
  await rejectsWith('ERR_INVALID_ARGUMENT', persistence.getDiff('doc', Uint8Array.of(5, 1)), 'doc')
  await rejectsWith('ERR_INVALID_ARGUMENT', persistence.getDiff('doc', new Uint8Array(0)), 'doc')
  await rejectsWith('ERR_INVALID_ARGUMENT', persistence.getDiff('doc', [0]), 'doc')
})

test('deletions reach a peer that has everything else', async t => {
  const persistence = new TestTable().open(t)
  const updates = updatesOf(1, doc => {
    doc.getText('text').insert(0, 'abc')
    doc.getText('text').delete(1, 1)
  })
  for (const update of updates) await persistence.storeUpdate('doc', update)
  const peer = docOf(updates.slice(0, 1))
  Y.applyUpdate(peer, await persistence.getDiff('doc', Y.encodeStateVector(peer)))
  assert.equal(textOf(peer), 'ac')
})

test('flushDocument leaves one update, and all content', async t => {
  const persistence = new TestTable().open(t)
  const updates = keystrokes(120)
  for (const update of updates) await persistence.storeUpdate('doc', update)
  const clock = await persistence.flushDocument('doc')
  const stored = await persistence.transact((db, { tableName }) =>
    DynamoDbPersistence.getDynamoDbUpdates(db, tableName, 'doc')
  )
  assert.equal(stored.length, 1)
  assert.deepEqual(stored[0].ykeysort.slice(0, 4), ['v1', 'doc', 'update', clock])
  assert.equal(textOf(docOf([stored[0].value])), textOf(docOf(updates)))
  assert.equal(textOf(await persistence.getYDoc('doc')), textOf(docOf(updates)))
  assert((await persistence.storeUpdate('doc', keys(1, { clientID: 2 })[0])) > clock)
  assert.deepEqual(mapOf(await persistence.getYDoc('doc')), { key0: 0 })
})

test('clearDocument leaves nothing', async t => {
  const table = new TestTable()
  const persistence = table.open(t)
  for (const update of keystrokes(30)) await persistence.storeUpdate('doc', update)
  await persistence.setMeta('doc', 'a', 1)
  await persistence.flushDocument('doc')
  for (const update of keystrokes(30, { clientID: 2 })) await persistence.storeUpdate('doc', update)
  await persistence.storeUpdate('other', keystrokes(1)[0])
  assert.equal(await persistence.clearDocument('doc'), undefined)
  assert.deepEqual(await table.items('doc'), [])
  assert.equal((await table.items('other')).length, 1)
  assert.equal(textOf(await persistence.getYDoc('doc')), '')
})

describe('bytes that are no update are refused and not stored', () => {
  const cases = {
    'not bytes': ['ERR_INVALID_ARGUMENT', [0, 0]],
    'undefined': ['ERR_INVALID_ARGUMENT', undefined],
    'an ArrayBuffer': ['ERR_INVALID_ARGUMENT', new ArrayBuffer(2)],
    'a Uint16Array': ['ERR_INVALID_ARGUMENT', new Uint16Array(1)],
    'no bytes': ['ERR_INVALID_UPDATE', new Uint8Array(0)],
    'a cut update': ['ERR_INVALID_UPDATE', keystrokes(1)[0].slice(0, -1)],
    'an update and a byte': ['ERR_INVALID_UPDATE', Uint8Array.of(...keystrokes(1)[0], 0)],
    'an update of version 2': ['ERR_INVALID_UPDATE', Y.encodeStateAsUpdateV2(docOf(keystrokes(3)))],
    'a count that nothing pays for': ['ERR_INVALID_UPDATE', Uint8Array.of(0x80, 0x80, 0x80, 0x80, 0x01)]
  }
  for (const [what, [code, bytes]] of Object.entries(cases)) {
    test(what, async t => {
      const table = new TestTable()
      const persistence = table.open(t)
      await rejectsWith(code, persistence.storeUpdate('doc', bytes), 'doc')
      assert.equal(await persistence.storeUpdate('doc', keystrokes(1)[0]), 0)
      assert.equal((await table.items()).length, 1)
    })
  }

  test('a detached Uint8Array', async t => {
    const persistence = new TestTable().open(t)
    const bytes = Uint8Array.from(keystrokes(1)[0])
    structuredClone(bytes, { transfer: [bytes.buffer] })
    const error = await rejectsWith('ERR_INVALID_ARGUMENT', persistence.storeUpdate('doc', bytes), 'doc')
    assert.match(error.message, /detached/)
  })
})

describe('an update with false counts', () => {
  const [update] = keystrokes(1)
  const around = Uint8Array.of(9, 9, ...update, 9)
  const shared = new Uint8Array(new SharedArrayBuffer(update.length))
  shared.set(update)
  const cases = {
    'in a Buffer': Buffer.from(update),
    'inside a larger ArrayBuffer': around.subarray(2, 2 + update.length),
    'in shared memory': shared
  }
  for (const [where, bytes] of Object.entries(cases)) {
    test(where, async t => {
      const persistence = new TestTable().open(t)
      await persistence.storeUpdate('doc', bytes)
      assert.equal(textOf(await persistence.getYDoc('doc')), 'a')
    })
  }
})

describe('getYDoc passes its options to Y.Doc', () => {
  test('{ gc, guid }', async t => {
    const persistence = new TestTable().open(t)
    await persistence.storeUpdate('doc', keystrokes(1)[0])
    const doc = await persistence.getYDoc('doc', { gc: false, guid: 'mine' })
    assert.deepEqual([doc.gc, doc.guid, textOf(doc)], [false, 'mine', 'a'])
    assert.equal(textOf(await persistence.getYDoc('doc', undefined)), 'a')
    assert.equal(textOf(await persistence.getYDoc('doc', null, true)), 'a')
    assert.equal(textOf(await persistence.getYDoc('doc', true)), 'a')
    assert.equal(textOf(await persistence.getYDoc('doc', false)), 'a')
    await rejectsWith('ERR_INVALID_ARGUMENT', persistence.getYDoc('doc', 'gc'), 'doc')
  })
})

test('gc: false keeps what was deleted, gc drops it', async t => {
  const updates = updatesOf(1, doc => {
    doc.getText('text').insert(0, 'secret words')
    doc.getText('text').delete(0, 7)
  })
  for (const [gc, kept] of [
    [true, false],
    [false, true]
  ]) {
    const persistence = new TestTable().open(t, { gc })
    for (const update of updates) await persistence.storeUpdate('doc', update)
    await persistence.flushDocument('doc')
    const bytes = Buffer.from(await persistence.getDiff('doc'))
    assert.equal(bytes.includes('secret'), kept, `gc: ${gc}`)
    assert.equal(textOf(await persistence.getYDoc('doc')), 'words')
  }
})

test('methods need no this, and can be spread', async t => {
  const { storeUpdate, getYDoc, close } = new TestTable().open(t)
  await storeUpdate('doc', keystrokes(1)[0])
  assert.equal(textOf(await getYDoc('doc')), 'a')
  await close()
  const spread = { ...new TestTable().open(t) }
  assert.equal(await spread.storeUpdate('doc', keystrokes(1)[0]), 0)
})

test('a rejection names the call in its stack', async t => {
  const persistence = new TestTable().open(t)
  async function theCallersOwnFunction() {
    await persistence.storeUpdate('doc', Uint8Array.of(1, 2, 3))
  }
  const error = await rejectsWith('ERR_INVALID_UPDATE', theCallersOwnFunction())
  assert.match(error.stack, /theCallersOwnFunction/)
})

describe('transact', () => {
  test('runs after all earlier calls, on any document', async t => {
    const persistence = new TestTable().open(t)
    const done = []
    for (const doc of ['a', 'b', 'c']) {
      for (const update of keystrokes(20))
        void persistence.storeUpdate(doc, update).then(() => done.push(doc))
    }
    void persistence.getYDoc('a', true).then(() => done.push('read'))
    const length = await persistence.transact(() => done.length)
    assert.equal(length, 61)
  })

  test('calls f with the handle and the configuration, and has its outcome', async t => {
    const table = new TestTable()
    const config = table.config()
    const persistence = DynamoDbPersistence(config)
    t.after(() => persistence.close())
    await persistence.transact((db, given) => {
      assert.equal(given, config)
      assert.equal(typeof db, 'object')
    })
    assert.equal(await persistence.transact(async () => 7), 7)
    const reason = new Error('mine')
    await assert.rejects(
      persistence.transact(async () => {
        throw reason
      }),
      error => error === reason
    )
    await assert.rejects(
      persistence.transact(() => {
        throw reason
      }),
      error => error === reason
    )
    await rejectsWith('ERR_INVALID_ARGUMENT', persistence.transact())
  })

  test('may call the persistence inside', async t => {
    const persistence = new TestTable().open(t)
    const text = await persistence.transact(async () => {
      await persistence.storeUpdate('doc', keystrokes(1)[0])
      return textOf(await persistence.getYDoc('doc'))
    })
    assert.equal(text, 'a')
  })

  test('getDynamoDbUpdates accepts only its own handle and table', async t => {
    const table = new TestTable()
    const persistence = table.open(t)
    const { getDynamoDbUpdates, PREFERRED_TRIM_SIZE } = DynamoDbPersistence
    assert.equal(PREFERRED_TRIM_SIZE, 500)
    assert.deepEqual(await persistence.transact(db => getDynamoDbUpdates(db, table.tableName, 'doc')), [])
    await rejectsWith('ERR_INVALID_ARGUMENT', getDynamoDbUpdates({}, table.tableName, 'doc'))
    await rejectsWith(
      'ERR_INVALID_ARGUMENT',
      persistence.transact(db => getDynamoDbUpdates(db, 'another', 'doc'))
    )
    await rejectsWith(
      'ERR_INVALID_ARGUMENT',
      persistence.transact(db => getDynamoDbUpdates(db, table.tableName, ''))
    )
  })
})

test('works as the persistence of a y-websocket server', async t => {
  const provider = new TestTable().open(t)
  const stored = []
  // As the y-websocket server uses the object that setPersistence takes.
  const persistence = {
    provider,
    bindState: async (docName, doc) => {
      const persisted = await provider.getYDoc(docName)
      stored.push(provider.storeUpdate(docName, Y.encodeStateAsUpdate(doc)))
      Y.applyUpdate(doc, Y.encodeStateAsUpdate(persisted))
      doc.on('update', update => stored.push(provider.storeUpdate(docName, update)))
    },
    writeState: async () => {
      await Promise.all(stored)
    }
  }
  for (const text of ['one ', 'two ', 'three ']) {
    const doc = new Y.Doc()
    await persistence.bindState('room', doc)
    doc.getText('text').insert(textOf(doc).length, text)
    await persistence.writeState('room', doc)
  }
  assert.equal(textOf(await provider.getYDoc('room')), 'one two three ')
})
