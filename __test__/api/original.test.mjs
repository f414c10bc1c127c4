/**
 * Items as the original package writes them, put into the table by hand: this package reads, continues, flushes and clears
 * them, and writes a form that the original reads.
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { encodeAny } from 'lib0/buffer'
import { DynamoDbPersistence, TestTable } from '../support/dynamodb.mjs'
import { readSortKey, sortKey, varuint } from '../support/format.mjs'
import { Y, bigUpdate, docOf, keystrokes, textOf } from '../support/documents.mjs'

const { getDynamoDbUpdates } = DynamoDbPersistence

/** Puts items as the original package writes them: updates from `clock` on, a stale state vector, metas. */
async function fill(table, doc, updates, { clock = 0, metas = {} } = {}) {
  for (const [i, value] of updates.entries()) {
    await table.put({ doc, key: sortKey(['v1', doc, 'update', clock + i]), value })
  }
  const stateVector = Y.encodeStateVector(docOf(updates.slice(0, 1)))
  const value = Buffer.concat([varuint(clock), varuint(stateVector.length), stateVector])
  await table.put({ doc, key: sortKey(['v1_sv', doc]), value })
  for (const [key, meta] of Object.entries(metas)) {
    await table.put({ doc, key: sortKey(['v1', doc, 'meta', key]), value: encodeAny(meta) })
  }
}

describe('a table of the original package', () => {
  const updates = keystrokes(40)
  const text = textOf(docOf(updates))

  async function filled(t, more) {
    const table = new TestTable()
    await table.create()
    await fill(table, 'doc', updates, { metas: { a: 1, b: { c: ['x', null] } } })
    await fill(table, 'flushed', [Y.encodeStateAsUpdate(docOf(updates))], { clock: 4_000_000_000 })
    return { table, persistence: table.open(t, more) }
  }

  test('is read', async t => {
    const { persistence } = await filled(t, { compactionItems: 0 })
    assert.equal(textOf(await persistence.getYDoc('doc')), text)
    assert.equal(textOf(await persistence.getYDoc('flushed')), text)
    assert.deepEqual(await persistence.getStateVector('doc'), Y.encodeStateVector(docOf(updates)))
    assert.equal(textOf(docOf([await persistence.getDiff('doc')])), text)
    assert.deepEqual(
      await persistence.getMetas('doc'),
      new Map(Object.entries({ a: 1, b: { c: ['x', null] } }))
    )
    assert.equal(await persistence.getMeta('doc', 'a'), 1)
    assert.deepEqual((await persistence.getAllDocNames()).sort(), ['doc', 'flushed'])
    const states = (await persistence.getAllDocStateVectors()).sort((a, b) => a.clock - b.clock)
    assert.deepEqual(
      states.map(({ name, clock }) => [name, clock]),
      [
        ['doc', 39],
        ['flushed', 4_000_000_000]
      ]
    )
  })

  test('is continued: clocks follow those of the original', async t => {
    const { table, persistence } = await filled(t, { compactionItems: 0 })
    const more = keystrokes(3, { clientID: 2, text: 'XYZ' })
    assert.equal(await persistence.storeUpdate('flushed', more[0]), 4_000_000_001)
    assert.equal(await persistence.storeUpdate('doc', more[0]), 40)
    assert.equal(await persistence.storeUpdate('doc', more[1]), 40, 'it joins the open item')
    assert.equal(await persistence.storeUpdate('doc', more[2], true), 41)
    assert.equal(textOf(await persistence.getYDoc('doc')), textOf(docOf([...updates, ...more])))
    assert.equal((await table.items('doc')).length, 40 + 2 + 1 + 2)
  })

  test('is flushed, and both key forms become one', async t => {
    const { table, persistence } = await filled(t)
    await persistence.storeUpdate('doc', keystrokes(1, { clientID: 2, text: 'X' })[0])
    const clock = await persistence.flushDocument('doc')
    const left = (await table.items('doc'))
      .map(({ key }) => readSortKey(key))
      .filter(key => key[2] === 'update')
    assert(
      left.every(key => key[3] === clock && key.length > 4),
      'the inputs are gone'
    )
    assert.equal(textOf(await persistence.getYDoc('doc')).length, 41)
    assert.equal((await persistence.getMetas('doc')).size, 2)
  })

  test('is cleared', async t => {
    const { table, persistence } = await filled(t)
    await persistence.delMeta('doc', 'a')
    assert.equal(await persistence.getMeta('doc', 'a'), undefined)
    await persistence.clearDocument('doc')
    assert.deepEqual(await table.items('doc'), [])
    await persistence.clearAll()
    assert.deepEqual(await table.items(), [])
  })
})

describe('items have the form that the original reads', () => {
  test('an update: its clock, then two numbers, the time of the write, and a version if it is open', async t => {
    const table = new TestTable()
    const persistence = table.open(t)
    const [first, second] = keystrokes(2)
    const before = Date.now()
    await persistence.storeUpdate('doc', first)
    await persistence.storeUpdate('doc', second, true)
    const items = await table.items('doc')
    assert.deepEqual(
      items.map(({ value }) => new Uint8Array(value)),
      [first, second]
    )
    assert.deepEqual(
      items.map(({ attributes }) => Object.keys(attributes).sort()),
      [['at', 'version'], ['at']]
    )
    assert.equal(Buffer.from(items[0].attributes.version.B, 'base64').length, 8)
    for (const { attributes } of items) {
      assert(Number(attributes.at.N) >= before && Number(attributes.at.N) <= Date.now())
    }
    for (const [i, { key }] of items.entries()) {
      const elements = readSortKey(key)
      assert.deepEqual(elements.slice(0, 4), ['v1', 'doc', 'update', i])
      assert.equal(elements.length, 6)
      assert.deepEqual(sortKey(elements), key)
    }
  })

  test('a set: a sealed head that is an empty update, then its parts', async t => {
    const table = new TestTable()
    const persistence = table.open(t)
    const update = bigUpdate(1_000_000)
    const before = Date.now()
    await persistence.storeUpdate('doc', update)
    const [head, ...parts] = await table.items('doc')
    const headKey = readSortKey(head.key)
    assert.deepEqual(headKey.slice(0, 4), ['v1', 'doc', 'update', 0])
    assert.deepEqual([...head.value], [0, 0])
    assert.equal(Number(head.attributes.parts.N), parts.length)
    assert(Number(head.attributes.at.N) >= before && Number(head.attributes.at.N) <= Date.now())
    assert.equal(head.attributes.sealed.BOOL, true)
    assert.deepEqual(
      parts.map(({ key }) => readSortKey(key)),
      parts.map((_, n) => [...headKey, n])
    )
    assert(parts.every(({ value }) => value.length <= 380_000))
    assert.deepEqual(new Uint8Array(Buffer.concat(parts.map(({ value }) => value))), update)
    const [entry] = await persistence.transact((db, { tableName }) =>
      getDynamoDbUpdates(db, tableName, 'doc')
    )
    assert.deepEqual(entry.ykeysort, headKey)
    assert.deepEqual(entry.value, update)
  })

  test('the state vector that a flush writes', async t => {
    const table = new TestTable()
    const persistence = table.open(t)
    const updates = keystrokes(5)
    for (const update of updates) await persistence.storeUpdate('doc', update)
    const clock = await persistence.flushDocument('doc')
    const item = (await table.items('doc')).find(({ key }) => key.equals(sortKey(['v1_sv', 'doc'])))
    const stateVector = Y.encodeStateVector(docOf(updates))
    assert.deepEqual(item.value, Buffer.concat([varuint(clock), varuint(stateVector.length), stateVector]))
  })
})

test('as in the tests of the original: many updates, a flush, more updates', async t => {
  const persistence = new TestTable().open(t)
  const doc = new Y.Doc()
  doc.clientID = 0
  const updates = []
  doc.on('update', update => updates.push(update))
  const store = () => Promise.all(updates.splice(0).map(update => persistence.storeUpdate('doc', update)))
  for (let i = 0; i < DynamoDbPersistence.PREFERRED_TRIM_SIZE * 7; i++) doc.getArray('arr').insert(0, [i])
  await store()
  assert.deepEqual(
    (await persistence.getYDoc('doc')).getArray('arr').toArray(),
    doc.getArray('arr').toArray()
  )
  await persistence.flushDocument('doc')
  assert.equal(
    (await persistence.transact((db, config) => getDynamoDbUpdates(db, config.tableName, 'doc'))).length,
    1
  )
  assert.equal((await persistence.getYDoc('doc')).getArray('arr').length, 3_500)
  assert.deepEqual(await persistence.getStateVector('doc'), Y.encodeStateVector(doc))
  doc.getArray('arr').insert(0, ['new'])
  await store()
  assert.deepEqual(await persistence.getStateVector('doc'), Y.encodeStateVector(doc))
  assert.equal((await persistence.getStateVector('does not exist')).byteLength, 1)
})
