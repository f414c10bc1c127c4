/** A bound document equals its table: content from before, during and after loading is stored once, counted in write units. */
import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { describe, test } from 'node:test'
import { until } from '../support/until.mjs'
import { docWith, hold, open, stored, type } from '../support/bound.mjs'
import { TestTable } from '../support/dynamodb.mjs'
import { rejectsWith } from '../support/errors.mjs'
import { ProxiedTable, recorder } from '../support/proxy.mjs'
import { Y, docOf, keystrokes, mapOf, textOf, updatesOf } from '../support/documents.mjs'

const WRITES = ['PutItem', 'UpdateItem', 'BatchWriteItem', 'DeleteItem']

describe('binding', () => {
  test('loads what is stored, and stores changes', async t => {
    const table = new TestTable()
    const { bindState, whenBound, writeState, provider, storeUpdate } = table.open(t)
    for (const update of keystrokes(5)) await storeUpdate('doc', update)
    const doc = new Y.Doc()
    bindState('doc', doc)
    await whenBound(doc)
    assert.equal(textOf(doc), 'abcde')
    type(doc, '!')
    await writeState('doc', doc)
    assert.equal(textOf(await stored(table)), 'abcde!')
    assert.equal(provider.bindState, bindState)
  })

  test('changes during loading are stored and stay in the document', async t => {
    const table = new TestTable()
    const persistence = table.open(t)
    await persistence.storeUpdate('doc', keystrokes(3)[0])
    const doc = new Y.Doc()
    persistence.bindState('doc', doc)
    type(doc, 'typed')
    await persistence.whenBound(doc)
    await persistence.writeState('doc', doc)
    assert.equal(textOf(doc).length, 6)
    assert.equal(textOf(await stored(table)), textOf(doc))
  })

  test('changes during the read of the table are stored once', async t => {
    const table = await ProxiedTable.before(t)
    const persistence = table.open(t)
    await persistence.storeUpdate('doc', keystrokes(1)[0])
    const { fault, release } = hold()
    table.rule(({ operation }) => (operation === 'Query' ? fault : undefined))
    const doc = new Y.Doc()
    persistence.bindState('doc', doc)
    const before = table.count('Query')
    await until('the read', () => table.count('Query') > before)
    type(doc, 'typed')
    release()
    await persistence.whenBound(doc)
    await persistence.writeState('doc', doc)
    assert.equal(persistence.stats().batches.updates, 2)
    assert.equal(textOf(await stored(table)), textOf(doc))
  })

  test('what is loaded is not stored again, and an empty document writes nothing', async t => {
    const table = await recorder(t)
    const { persistence, codes } = open(t, table)
    const writes = () => WRITES.reduce((sum, operation) => sum + table.count(operation), 0)
    await persistence.bindState('empty', new Y.Doc())
    assert.equal(writes(), 0)
    await persistence.storeUpdate('doc', keystrokes(1)[0])
    const before = writes()
    const doc = new Y.Doc()
    await persistence.bindState('doc', doc)
    await persistence.writeState('doc', doc)
    assert.equal(textOf(doc), 'a')
    assert.equal(writes(), before)
    assert.deepEqual(codes(), [])
  })

  test('writeState right after loading does not store again what was loaded', async t => {
    const persistence = new TestTable().open(t)
    const [large] = updatesOf(1, doc => {
      doc.getArray('array').insert(
        0,
        Array.from({ length: 20_000 }, (_, i) => `item ${i}`)
      )
    })
    await persistence.storeUpdate('doc', large)
    const doc = docWith('typed before')
    const loaded = new Promise(resolve =>
      doc.on('update', (update, origin) => {
        if (typeof origin === 'symbol') resolve()
      })
    )
    persistence.bindState('doc', doc)
    await loaded
    assert.equal(persistence.stats().bound.loading, 1)
    await persistence.writeState('doc', doc)
    await persistence.whenBound(doc)
    await persistence.writeState('doc', doc)
    const { updates, bytesBefore } = persistence.stats().batches
    assert.equal(updates, 2)
    assert(bytesBefore < large.length + 100, `${bytesBefore - large.length} bytes`)
  })

  test('only what the table lacks of a document with content is stored', async t => {
    const table = await recorder(t)
    const persistence = table.open(t)
    const doc = docWith('the table has this')
    doc.getText('text').delete(4, 6)
    const update = Y.encodeStateAsUpdate(doc)
    await persistence.storeUpdate('doc', update)
    const before = table.count('PutItem')
    const same = docOf([update])
    await persistence.bindState('doc', same)
    await persistence.writeState('doc', same)
    assert.equal(table.count('PutItem'), before)

    const more = docOf([update])
    type(more, ', and lacks this')
    more.getText('text').delete(0, 4)
    await persistence.bindState('doc', more)
    await persistence.writeState('doc', more)
    assert.equal(table.count('PutItem'), before + 1)
    assert.equal(
      persistence.stats().batches.bytesBefore,
      update.length + Y.encodeStateAsUpdate(more, Y.encodeStateVector(doc)).length
    )
    assert.equal(textOf(await stored(table)), textOf(more))
  })

  test('a deletion that the table lacks is stored', async t => {
    const table = new TestTable()
    const persistence = table.open(t)
    const update = Y.encodeStateAsUpdate(docWith('keep, drop'))
    await persistence.storeUpdate('doc', update)
    const doc = docOf([update])
    doc.getText('text').delete(4, 6)
    await persistence.bindState('doc', doc)
    await persistence.writeState('doc', doc)
    assert.equal(textOf(await stored(table)), 'keep')
  })

  test('an update that depends on what is loaded is stored', async t => {
    const table = new TestTable()
    const persistence = table.open(t)
    const [first, second, third] = keystrokes(3)
    await persistence.storeUpdate('doc', first)
    const doc = new Y.Doc()
    persistence.bindState('doc', doc)
    // Without an event: Yjs does not integrate them until the gap is closed.
    Y.applyUpdate(doc, second)
    Y.applyUpdate(doc, third)
    assert.equal(textOf(doc), '')
    await persistence.whenBound(doc)
    assert.equal(textOf(doc), 'abc')
    await persistence.writeState('doc', doc)
    assert.equal(textOf(await stored(table)), 'abc')
  })

  test('an unintegrated update is stored once, even if its predecessors arrive in a later document of the name', async t => {
    const table = new TestTable()
    const keeper = table.open(t) // a database in memory ends when its last persistence is closed
    await keeper.getAllDocNames()
    const [first, second, third] = keystrokes(3)
    // The client has the first update from another client, which never reaches the server.
    const ends = {
      writeState: (persistence, doc) => persistence.writeState('writeState', doc),
      close: persistence => persistence.close(),
      destroy: async (persistence, doc) => {
        doc.destroy()
        await until('the store', () => persistence.stats().batches.updates > 0)
      }
    }
    for (const [docName, end] of Object.entries(ends)) {
      const { persistence, codes } = open(t, table)
      const doc = new Y.Doc()
      await persistence.bindState(docName, doc)
      Y.applyUpdate(doc, second)
      Y.applyUpdate(doc, third)
      await end(persistence, doc)
      assert.equal(persistence.stats().batches.updates, 1, docName)
      if (docName === 'writeState') {
        await persistence.writeState(docName, doc)
        assert.equal(persistence.stats().batches.updates, 1)
      }
      const next = open(t, table).persistence
      const again = new Y.Doc()
      await next.bindState(docName, again)
      await next.writeState(docName, again)
      assert.equal(next.stats().batches.updates, 0, docName)
      Y.applyUpdate(again, first)
      assert.equal(textOf(again), 'abc', docName)
      await next.writeState(docName, again)
      assert.equal(textOf(await stored(table, docName)), 'abc')
      assert.deepEqual(codes(), [])
    }
  })

  test('a document is bound once', async t => {
    const table = await recorder(t)
    const { persistence, codes } = open(t, table)
    const doc = new Y.Doc()
    await Promise.all([persistence.bindState('doc', doc), persistence.bindState('doc', doc)])
    type(doc, 'a')
    await persistence.writeState('doc', doc)
    assert.equal(persistence.stats().batches.updates, 1)
    await persistence.bindState('another', doc)
    await until('the error', () => codes().length > 0)
    assert.deepEqual(codes(), ['bindState: ERR_INVALID_ARGUMENT'])
    await persistence.writeState('another', doc)
    assert.deepEqual(codes(), Array(2).fill('bindState: ERR_INVALID_ARGUMENT'))
    assert.equal(textOf(await persistence.getYDoc('another')), '')
  })

  test('writeState waits for the content at the call, and not for later changes', async t => {
    const table = await ProxiedTable.before(t)
    const { persistence } = open(t, table)
    const doc = new Y.Doc()
    await persistence.bindState('doc', doc)
    const holds = []
    table.rule(({ operation }) => {
      if (operation !== 'PutItem') return undefined
      holds.push(hold())
      return holds.at(-1).fault
    })
    type(doc, 'first')
    const written = persistence.writeState('doc', doc)
    await until('the first write', () => holds.length === 1)
    type(doc, ', second')
    holds[0].release()
    await until('the second write', () => holds.length === 2)
    await written
    assert.equal(persistence.stats().bound.waitingUpdates, 1)
    holds[1].release()
  })

  test('writeState stores a document that was never bound', async t => {
    const table = new TestTable()
    const persistence = table.open(t)
    await persistence.writeState('doc', docWith('never bound'))
    assert.equal(textOf(await stored(table)), 'never bound')
  })

  test('a document is used with its own yjs only', async t => {
    const table = new TestTable()
    const { persistence, codes } = open(t, table)
    const CommonJs = createRequire(import.meta.url)('yjs')
    const first = new CommonJs.Doc()
    await persistence.bindState('doc', first)
    first.getText('text').insert(0, 'as CommonJS')
    await persistence.writeState('doc', first)
    const second = new CommonJs.Doc()
    await persistence.bindState('doc', second)
    assert(CommonJs.encodeStateAsUpdate(second).length > 2)
    assert(second.getText('text')._start instanceof CommonJs.Item)

    const Y14 = await import('@y/y')
    const foreign = new Y14.Doc()
    await persistence.bindState('foreign', foreign)
    foreign.get('text').insert(0, 'typed all the same')
    await rejectsWith('ERR_INVALID_ARGUMENT', persistence.whenBound(foreign), 'foreign')
    await persistence.writeState('foreign', foreign)
    assert.equal(textOf(await stored(table, 'foreign')), 'typed all the same')
    assert.deepEqual(codes(), ['bindState: ERR_INVALID_ARGUMENT'])

    const { persistence: newer } = open(t, table, { Y: Y14 })
    const known = new Y14.Doc()
    await newer.bindState('foreign', known)
    assert.equal(known.get('text').toString(), 'typed all the same')
  })
})

/** Three clients that type, delete, and synchronise now and then. */
const editedDocs = (round, edit) => {
  const docs = [1, 2, 3].map(clientID =>
    Object.assign(new Y.Doc({ gc: round % 2 === 0 }), { clientID: clientID * 1_000 + round })
  )
  for (let turn = 0; turn < 40; turn++) {
    const doc = docs[turn % 3]
    edit(doc, turn)
    if (turn % 5 === 0) for (const other of docs) Y.applyUpdate(other, Y.encodeStateAsUpdate(doc))
  }
  return docs
}

const editText = (doc, turn) => {
  const text = doc.getText('text')
  if (turn % 4 === 3 && text.length > 2) text.delete(turn % (text.length - 1), 2)
  else text.insert((turn * 7) % (text.length + 1), `${turn}😀`)
}

const editAll = (doc, turn) => {
  editText(doc, turn)
  doc.getMap('map').set(`key${turn % 5}`, { turn })
  if (turn % 3 === 0) doc.getArray('array').insert(0, [new Y.Map(), turn])
  else if (doc.getArray('array').length > 3) doc.getArray('array').delete(1, 2)
}

test('a document that equals the table writes nothing, whatever its history', async t => {
  const persistence = new TestTable().open(t, { compactionItems: 5 })
  const writesOf = async (docName, round) => {
    const doc = await persistence.getYDoc(docName, { gc: round % 3 === 0 })
    const before = persistence.stats().batches.updates
    await persistence.bindState(docName, doc)
    await persistence.writeState(docName, doc)
    return persistence.stats().batches.updates - before
  }
  for (let round = 0; round < 12; round++) {
    for (const [kind, edit] of Object.entries({ text: editText, all: editAll })) {
      const docName = `${kind}${round}`
      for (const doc of editedDocs(round, edit))
        await persistence.storeUpdate(docName, Y.encodeStateAsUpdate(doc))
      // If clients set a key concurrently, the document deletes the losing value, and the table lacks that deletion once.
      const first = await writesOf(docName, round)
      assert(kind === 'text' ? first === 0 : first <= 1, `${docName}: ${first}`)
      assert.equal(await writesOf(docName, round), 0, docName)
    }
  }
})

test('maps and texts of several clients are read as they were stored', async t => {
  const table = new TestTable()
  const { persistence } = open(t, table)
  const doc = new Y.Doc()
  await persistence.bindState('doc', doc)
  for (const clientID of [7, 8]) {
    for (const update of updatesOf(clientID, other => other.getMap('map').set(`of ${clientID}`, clientID)))
      Y.applyUpdate(doc, update, 'a client')
  }
  await persistence.writeState('doc', doc)
  assert.deepEqual(mapOf(await stored(table)), { 'of 7': 7, 'of 8': 8 })
})
