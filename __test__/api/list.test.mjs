/** The listings of documents: complete over several pages, without duplicates, and lazy. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TestTable } from '../support/dynamodb.mjs'
import { Y, bigUpdate, docOf, keystrokes } from '../support/documents.mjs'
import { ProxiedTable, pageOf } from '../support/proxy.mjs'

async function collect(iterable) {
  const all = []
  for await (const each of iterable) all.push(each)
  return all
}

test('an empty table has no documents', async t => {
  const persistence = new TestTable().open(t)
  assert.deepEqual(await persistence.getAllDocNames(), [])
  assert.deepEqual(await persistence.getAllDocStateVectors(), [])
  assert.deepEqual(await collect(persistence.docNames()), [])
  assert.deepEqual(await collect(persistence.docStateVectors()), [])
})

test('names, state vectors and clocks of all documents', async t => {
  const persistence = new TestTable().open(t)
  const names = Array.from({ length: 150 }, (_, i) => `doc ${i}`)
  const updates = keystrokes(3)
  await Promise.all(names.flatMap(name => updates.map(update => persistence.storeUpdate(name, update))))
  await persistence.setMeta('only a meta', 'key', 1)
  assert.deepEqual((await persistence.getAllDocNames()).sort(), [...names].sort())
  assert.deepEqual((await collect(persistence.docNames())).sort(), [...names].sort())
  const states = await persistence.getAllDocStateVectors()
  assert.deepEqual(await collect(persistence.docStateVectors()), states)
  assert.equal(states.length, 150)
  for (const { name, sv, clock } of states) {
    assert(names.includes(name))
    assert.deepEqual(sv, Y.encodeStateVector(docOf(updates)))
    assert(Number.isInteger(clock) && clock >= 0)
  }
})

test('documents larger than a page are listed once', async t => {
  const persistence = new TestTable().open(t, { compactionItems: 0 })
  for (const name of ['a', 'b', 'c']) {
    for (let i = 0; i < 6; i++)
      await persistence.storeUpdate(name, bigUpdate(300_000, { clientID: i + 1, key: `k${i}` }))
  }
  await persistence.storeUpdate('large', bigUpdate(3_000_000))
  assert.deepEqual((await persistence.getAllDocNames()).sort(), ['a', 'b', 'c', 'large'])
  const states = await persistence.getAllDocStateVectors()
  assert.deepEqual(states.map(({ name, sv }) => [name, sv[0]]).sort(), [
    ['a', 6],
    ['b', 6],
    ['c', 6],
    ['large', 1]
  ])
})

test('a listing that is ended early sends no more requests', async t => {
  const table = await ProxiedTable.before(t)
  const persistence = table.open(t)
  const names = Array.from({ length: 40 }, (_, i) => `doc ${i}`)
  await Promise.all(names.map(name => persistence.storeUpdate(name, keystrokes(1)[0])))
  table.rule(({ operation }) => (operation === 'Scan' ? pageOf(1) : undefined))
  for await (const name of persistence.docNames()) {
    assert(names.includes(name))
    break
  }
  await persistence.getYDoc(names[0]) // waits for requests in flight
  const brokenOff = table.count('Scan')
  assert(brokenOff >= 1 && brokenOff < 5, `${brokenOff} pages for one name`)
  assert.deepEqual((await collect(persistence.docNames())).sort(), [...names].sort())
  assert(table.count('Scan') - brokenOff >= 40, `${table.count('Scan')} pages in all`)
})

test('clearAll leaves an empty table', async t => {
  const table = new TestTable()
  const persistence = table.open(t)
  for (let i = 0; i < 30; i++) {
    await persistence.storeUpdate(`doc ${i}`, keystrokes(1)[0])
    await persistence.setMeta(`doc ${i}`, 'key', i)
  }
  await persistence.setMeta('only a meta', 'key', 1)
  await persistence.flushDocument('doc 3')
  assert.equal(await persistence.clearAll(), undefined)
  assert.deepEqual(await table.items(), [])
  assert.deepEqual(await persistence.getAllDocNames(), [])
})
