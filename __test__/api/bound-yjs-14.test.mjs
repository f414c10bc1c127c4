/**
 * Bound documents of the prerelease of Yjs 14 (`@y/y`). It integrates what follows a gap, and its updates contain Skips, where
 * Yjs 13 waits.
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as Y14 from '@y/y'
import { DynamoDbPersistence, TestTable } from '../support/dynamodb.mjs'
import { Y, keystrokes } from '../support/documents.mjs'
import { open, stored } from '../support/bound.mjs'
import { Random } from '../../scripts/yjs-logs/random.mjs'

const SEED = Number(process.env.SEED ?? 1)
const textOf = doc => doc.get('text').toString()
const docOf = (yjs, updates) => {
  const doc = new yjs.Doc()
  for (const update of updates) yjs.applyUpdate(doc, update)
  return doc
}
/** The document of Yjs 14 as another server loads it. */
const stored14 = async table => {
  const persistence = DynamoDbPersistence({ ...table.config(), Y: Y14 })
  try {
    return await persistence.getYDoc('doc')
  } finally {
    await persistence.close()
  }
}

describe('content of Yjs 14 behind a gap', () => {
  // Each character is inserted at the start and refers to nothing of its client.
  const updates = []
  const author = new Y14.Doc()
  author.clientID = 1
  author.on('update', update => updates.push(update))
  for (const root of ['a', 'b', 'text', 'c', 'd']) author.get(root).insert(0, root)

  test('is shown, stored once, and shown again', async t => {
    const table = new TestTable()
    const { persistence, codes } = open(t, table, { Y: Y14 })
    const doc = new Y14.Doc()
    await persistence.bindState('doc', doc)
    Y14.applyUpdate(doc, updates[2])
    Y14.applyUpdate(doc, updates[4])
    assert.equal(textOf(doc), 'text')
    await persistence.writeState('doc', doc)
    await persistence.writeState('doc', doc)
    assert.equal(persistence.stats().batches.updates, 2)
    const again = await stored14(table)
    assert.equal(textOf(again), 'text')
    assert.equal(again.get('d').toString(), 'd')
    assert.deepEqual(codes(), [])
  })

  test('joins what fills the gap, for Yjs 13 too', async t => {
    const table = new TestTable()
    const { persistence, codes } = open(t, table, { Y: Y14 })
    const doc = new Y14.Doc()
    await persistence.bindState('doc', doc)
    for (const i of [4, 2, 0, 3, 1]) {
      Y14.applyUpdate(doc, updates[i])
      await persistence.flushDocument('doc')
    }
    await persistence.writeState('doc', doc)
    const again = await stored(table)
    for (const root of ['a', 'b', 'text', 'c', 'd']) assert.equal(again.getText(root).toString(), root)
    assert.equal(again.store.pendingStructs, null)
    assert.deepEqual(codes(), [])
  })

  test('reaches a peer that asks with its state vector, and fills the gap of another', async t => {
    const table = new TestTable()
    const { persistence } = open(t, table, { Y: Y14 })
    for (const i of [0, 2, 4]) await persistence.storeUpdate('doc', updates[i])
    const peer = docOf(Y14, [updates[0]])
    Y14.applyUpdate(peer, await persistence.getDiff('doc', Y14.encodeStateVector(peer)))
    assert.equal(textOf(peer), 'text')
    const [stateVector] = await Promise.all([persistence.getStateVector('doc')])
    assert.deepEqual(
      [...Y14.decodeStateVector(stateVector)],
      [...Y14.decodeStateVector(Y14.encodeStateVector(peer))]
    )
    await persistence.storeUpdate('doc', Y14.encodeStateAsUpdate(author, stateVector))
    assert.deepEqual((await stored14(table)).toJSON(), author.toJSON())
  })

  test('that a document holds before it is bound is stored', async t => {
    const table = new TestTable()
    const { persistence } = open(t, table, { Y: Y14 })
    await persistence.storeUpdate('doc', updates[0])
    const doc = docOf(Y14, [updates[2]])
    await persistence.bindState('doc', doc)
    await persistence.writeState('doc', doc)
    const again = await stored14(table)
    assert.deepEqual([again.get('a').toString(), textOf(again)], ['a', 'text'])
  })

  test('that refers to the gap is stored by writeState', async t => {
    const table = new TestTable()
    const { persistence } = open(t, table, { Y: Y14 })
    const [first, second, third] = keystrokes(3)
    const doc = new Y14.Doc()
    await persistence.bindState('doc', doc)
    Y14.applyUpdate(doc, second)
    Y14.applyUpdate(doc, third)
    assert.equal(textOf(doc), '')
    await persistence.writeState('doc', doc)
    await persistence.storeUpdate('doc', first)
    assert.equal(textOf(await stored14(table)), 'abc')
  })

  test('is stored as random updates arrive in any order', async t => {
    t.diagnostic(`SEED=${SEED}`)
    for (let seed = SEED; seed < SEED + 10; seed++) {
      const random = new Random(seed)
      const table = new TestTable()
      const { persistence, codes } = open(t, table, { Y: Y14 })
      const log = randomLog(random)
      let doc = new Y14.Doc()
      await persistence.bindState('doc', doc)
      for (const update of random.shuffle(log)) {
        Y14.applyUpdate(doc, update)
        if (random.chance(0.3)) await persistence.writeState('doc', doc)
        if (random.chance(0.1)) await persistence.flushDocument('doc')
        if (random.chance(0.9)) continue
        await persistence.writeState('doc', doc)
        doc.destroy()
        const before = docOf(Y14, [Y14.encodeStateAsUpdate(doc)])
        doc = new Y14.Doc()
        await persistence.bindState('doc', doc)
        assert.equal(textOf(doc), textOf(before), `seed ${seed}`)
      }
      await persistence.writeState('doc', doc)
      assert.equal(textOf(await stored14(table)), textOf(docOf(Y14, log)), `seed ${seed}`)
      assert.equal((await stored(table)).getText('text').toString(), docOf(Y, log).getText('text').toString())
      assert.deepEqual(codes(), [])
    }
  })
})

/** The updates of three authors who type, delete, and synchronise now and then. */
const randomLog = random => {
  const log = []
  const authors = [1, 2, 3].map(clientID => Object.assign(new Y14.Doc(), { clientID }))
  for (const author of authors)
    author.on('update', (update, origin) => origin !== 'other' && log.push(update))
  for (let i = 0; i < 40; i++) {
    const author = random.pick(authors)
    const text = author.get('text')
    if (random.chance(0.25) && text.length > 2) text.delete(random.below(text.length - 1), 1)
    else text.insert(random.below(text.length + 1), random.pick(['a', 'b', 'c']))
    if (random.chance(0.3)) Y14.applyUpdate(random.pick(authors), Y14.encodeStateAsUpdate(author), 'other')
  }
  return log
}
