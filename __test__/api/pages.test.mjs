/** Reads of more than one page of DynamoDB, also with pages that the proxy cuts short or empties. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TestTable } from '../support/dynamodb.mjs'
import { bigUpdate, docOf, keys, keystrokes, mapOf, textOf, Y } from '../support/documents.mjs'
import { ProxiedTable, pageOf } from '../support/proxy.mjs'

const PAGED = new Set(['Query', 'Scan'])

test('20 updates of 100 KB each: more than one page', async t => {
  const table = new TestTable()
  const persistence = table.open(t, { compactionItems: 0 })
  for (let i = 0; i < 20; i++)
    await persistence.storeUpdate('doc', bigUpdate(100_000, { clientID: i + 1, key: `big${i}-` }))
  const map = mapOf(await persistence.getYDoc('doc'))
  assert.equal(Object.keys(map).length, 20)
  assert(Object.values(map).every(value => value.length === 100_000))
  await persistence.flushDocument('doc')
  assert.equal(Object.keys(mapOf(await persistence.getYDoc('doc'))).length, 20)
  await persistence.clearDocument('doc')
  assert.deepEqual(await table.items(), [])
})

test('20,000 keystrokes', { timeout: 120_000 }, async t => {
  const persistence = new TestTable().open(t)
  const updates = keystrokes(20_000)
  await Promise.all(updates.map(update => persistence.storeUpdate('doc', update)))
  const doc = await persistence.getYDoc('doc')
  assert.equal(textOf(doc).length, 20_000)
  assert.deepEqual(await persistence.getStateVector('doc'), Y.encodeStateVector(doc))
})

test('a server that ends every page after 7 items', async t => {
  const table = await ProxiedTable.before(t)
  table.rule(({ operation }) => (PAGED.has(operation) ? pageOf(7) : undefined))
  const persistence = table.open(t, { compactionItems: 0 })
  const updates = keys(60)
  // Outside the queue each update gets an item of its own.
  for (const update of updates) await persistence.storeUpdate('doc', update, true)
  for (let i = 0; i < 20; i++) await persistence.setMeta('doc', `meta${i}`, i)
  for (let i = 0; i < 20; i++) await persistence.storeUpdate(`doc${i}`, updates[0])
  const before = table.count('Query')
  assert.deepEqual(mapOf(await persistence.getYDoc('doc')), mapOf(docOf(updates)))
  assert(table.count('Query') - before >= 9, 'the pages were small')
  assert.equal((await persistence.getMetas('doc')).size, 20)
  assert.equal((await persistence.getAllDocNames()).length, 21)
  const states = await persistence.getAllDocStateVectors()
  assert.deepEqual(
    states.map(({ name }) => name).sort(),
    ['doc', ...Array.from({ length: 20 }, (_, i) => `doc${i}`)].sort()
  )
  assert.deepEqual(states.find(({ name }) => name === 'doc').sv, Y.encodeStateVector(docOf(updates)))
  await persistence.flushDocument('doc')
  assert.deepEqual(mapOf(await persistence.getYDoc('doc')), mapOf(docOf(updates)))
  await persistence.clearDocument('doc')
  assert.deepEqual(await table.items('doc'), [])
  await persistence.clearAll()
  assert.deepEqual(await table.items(), [])
})

test('empty pages are not the end', async t => {
  const table = await ProxiedTable.before(t)
  const persistence = table.open(t, { compactionItems: 0 })
  const updates = keys(10)
  for (const update of updates) await persistence.storeUpdate('doc', update)
  // Every other page is empty and ends where it began, as if DynamoDB had stopped early.
  table.rule(({ operation, body, nth }) => {
    if (operation !== 'Query' || body.ExclusiveStartKey === undefined || nth % 2 === 0) {
      return operation === 'Query' ? pageOf(3) : undefined
    }
    return async ({ response }) => {
      response.writeHead(200, { 'content-type': 'application/x-amz-json-1.0' })
      response.end(
        JSON.stringify({ Items: [], Count: 0, ScannedCount: 0, LastEvaluatedKey: body.ExclusiveStartKey })
      )
    }
  })
  assert.deepEqual(mapOf(await persistence.getYDoc('doc')), mapOf(docOf(updates)))
})

test('metas of more than 1 MB', async t => {
  const table = new TestTable()
  const persistence = table.open(t)
  for (let i = 0; i < 12; i++) await persistence.setMeta('doc', `meta${i}`, new Uint8Array(150_000).fill(i))
  const metas = await persistence.getMetas('doc')
  assert.equal(metas.size, 12)
  for (let i = 0; i < 12; i++) assert.deepEqual(metas.get(`meta${i}`), new Uint8Array(150_000).fill(i))
  await persistence.clearDocument('doc')
  assert.deepEqual(await table.items(), [])
})
