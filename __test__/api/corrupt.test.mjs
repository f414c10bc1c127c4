/** Items that are no updates, put into the table past the persistence: reads reject or skip them, and nothing deletes them. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as Y from 'yjs'
import { TestTable, binary } from '../support/dynamodb.mjs'
import { rejectsWith } from '../support/errors.mjs'
import { sortKey } from '../support/format.mjs'
import { Bytes } from '../updates/support/structure.mjs'
import { bigUpdate, docOf, keystrokes, textOf } from '../support/documents.mjs'

const CORRUPT = {
  'bytes that are no update': Buffer.from('not an update'),
  'a cut update': Buffer.from(keystrokes(1)[0].slice(0, -2)),
  'no bytes': Buffer.alloc(0),
  'a count that nothing pays for': Buffer.of(0x80, 0x80, 0x80, 0x80, 0x01),
  'an embed that is not JSON': Buffer.of(1, 1, 1, 0, 5, 1, 1, 97, 1, 123, 0),
  'an item that names itself': Buffer.of(1, 1, 1, 0, 71, 1, 15, 3, 1, 112, 0),
  'a subdocument whose guid is no string': Buffer.of(
    1,
    1,
    1,
    0,
    9,
    1,
    1,
    112,
    1,
    103,
    118,
    1,
    4,
    103,
    117,
    105,
    100,
    126,
    0
  )
}
const updates = keystrokes(10)
const text = textOf(docOf(updates))

async function damaged(t, value, more) {
  const table = new TestTable()
  const persistence = table.open(t, more)
  for (const update of updates) await persistence.storeUpdate('doc', update)
  await persistence.storeUpdate('other', updates[0])
  await table.put({ doc: 'doc', key: sortKey(['v1', 'doc', 'update', 4]), value })
  return { table, persistence }
}

describe('a corrupt item put into the table by hand', () => {
  for (const [what, value] of Object.entries(CORRUPT)) {
    test(`${what}: reads reject and name it, other documents work, nothing is changed`, async t => {
      const { table, persistence } = await damaged(t, value)
      const before = await table.items()
      const reads = {
        getYDoc: () => persistence.getYDoc('doc'),
        getStateVector: () => persistence.getStateVector('doc'),
        getDiff: () => persistence.getDiff('doc'),
        flushDocument: () => persistence.flushDocument('doc'),
        getAllDocStateVectors: () => persistence.getAllDocStateVectors()
      }
      for (const [name, read] of Object.entries(reads)) {
        const error = await rejectsWith('ERR_CORRUPT', read())
        assert.match(error.message, /doc/, name)
        assert.match(error.message, /\b4\b/, `${name} names the clock of the item: ${error.message}`)
        assert.equal(error.retryable, false)
      }
      assert.deepEqual(await table.items(), before)
      assert.equal(textOf(await persistence.getYDoc('other')), 'a')
      assert.deepEqual((await persistence.getAllDocNames()).sort(), ['doc', 'other'])
      await persistence.clearDocument('doc')
      assert.deepEqual(await table.items('doc'), [])
    })
  }
})

describe("onCorruptUpdate: 'skip'", () => {
  for (const [what, value] of Object.entries(CORRUPT)) {
    test(`${what}: reads the rest and never deletes the item`, async t => {
      const { table, persistence } = await damaged(t, value, { onCorruptUpdate: 'skip' })
      assert.equal(textOf(await persistence.getYDoc('doc')), text)
      await persistence.flushDocument('doc')
      await persistence.flushDocument('doc')
      const isDamaged = ({ key }) => key.equals(sortKey(['v1', 'doc', 'update', 4]))
      const kept = (await table.items('doc')).filter(isDamaged)
      assert.equal(kept.length, 1)
      assert.deepEqual(kept[0].value, value)
      assert.equal(textOf(await persistence.getYDoc('doc')), text)
      assert.deepEqual((await persistence.getAllDocStateVectors()).map(({ name }) => name).sort(), [
        'doc',
        'other'
      ])
      await persistence.clearDocument('doc')
      assert.deepEqual(await table.items('doc'), [])
    })
  }
})

describe('valid updates on which Yjs throws when they are merged', () => {
  /** Nested types of client 9, from a clock on. */
  const types = (from, count) => {
    const out = new Bytes().uint(1).uint(count).uint(9).uint(from)
    for (let clock = from; clock < from + count; clock++) {
      if (clock === 0) out.byte(7).uint(1).text('p').uint(1)
      else
        out
          .byte(7)
          .uint(0)
          .id([9, clock - 1])
          .uint(1)
    }
    return out.uint(0).bytes
  }

  for (const onCorruptUpdate of ['fail', 'skip']) {
    test(`never fail a read, and other content is read: ${onCorruptUpdate}`, async t => {
      const persistence = new TestTable().open(t, { onCorruptUpdate })
      // In one batch, with the keystrokes between them.
      await Promise.all(
        [types(0, 600), ...updates, types(600, 600)].map(update => persistence.storeUpdate('doc', update))
      )
      for (const step of [() => {}, () => persistence.flushDocument('doc')]) {
        await step()
        const doc = await persistence.getYDoc('doc')
        assert.equal(textOf(doc), text)
        Y.encodeStateAsUpdate(doc)
        doc.transact(() => doc.getArray('p').delete(0, 1))
      }
    })
  }
})

test('an item without a value is corrupt too', async t => {
  const table = new TestTable()
  const persistence = table.open(t)
  await persistence.storeUpdate('doc', updates[0])
  const key = sortKey(['v1', 'doc', 'update', 9]).toString('base64')
  await table.request('PutItem', { Item: { ydocname: { S: 'doc' }, ykeysort: { B: key } } })
  await rejectsWith('ERR_CORRUPT', persistence.getYDoc('doc'), 'doc')
})

test('a corrupt update is refused by storeUpdate', async t => {
  const table = new TestTable()
  const persistence = table.open(t)
  for (const value of Object.values(CORRUPT)) {
    await rejectsWith('ERR_INVALID_UPDATE', persistence.storeUpdate('doc', value), 'doc')
  }
  assert.deepEqual(await table.items(), [])
})

describe('a set of which a part is missing', () => {
  const large = bigUpdate(900_000, { clientID: 7 })

  async function incomplete(t, more) {
    const table = new TestTable()
    const persistence = table.open(t, more)
    for (const update of updates) await persistence.storeUpdate('doc', update)
    await persistence.storeUpdate('doc', large)
    const part = (await table.items('doc')).filter(({ value }) => value.length > 100_000)[1]
    await table.request('DeleteItem', { Key: { ydocname: { S: 'doc' }, ykeysort: binary(part.key) } })
    return { table, persistence }
  }

  test('reads reject, and nothing of it is deleted', async t => {
    const { table, persistence } = await incomplete(t)
    const before = await table.items()
    for (const read of [
      () => persistence.getYDoc('doc'),
      () => persistence.flushDocument('doc'),
      () => persistence.getAllDocStateVectors()
    ]) {
      const error = await rejectsWith('ERR_CORRUPT', read())
      assert.match(error.message, /2 of its 3 parts/)
    }
    assert.deepEqual(await table.items(), before)
  })

  test("with onCorruptUpdate: 'skip' the rest is read and merged, and what is left of the set stays", async t => {
    const { table, persistence } = await incomplete(t, { onCorruptUpdate: 'skip' })
    const left = (await table.items('doc')).slice(-3)
    assert.equal(textOf(await persistence.getYDoc('doc')), text)
    await persistence.flushDocument('doc')
    await persistence.flushDocument('doc')
    assert.equal(textOf(await persistence.getYDoc('doc')), text)
    const keys = new Set((await table.items('doc')).map(({ key }) => key.toString('hex')))
    assert.ok(left.every(({ key }) => keys.has(key.toString('hex'))))
  })
})
