/** The cost of loads, compactions and failures: write units, items and bytes. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { TestTable, onceOnly } from '../support/dynamodb.mjs'
import { bigUpdate, docOf, keys, keystrokes, mapOf, textOf } from '../support/documents.mjs'
import { rejectsWith } from '../support/errors.mjs'
import { ProxiedTable, answer, deny } from '../support/proxy.mjs'

const ONE_MEGABYTE = 1_000_000

/** The write units that the persistences have consumed. */
function writeUnits(...persistences) {
  const all = persistences.flatMap(persistence => Object.values(persistence.stats().requests))
  return all.reduce((sum, { writeUnits }) => sum + writeUnits, 0)
}

/** Requests that wait for `promise` are held until `release` is called. */
function hold() {
  let release
  const promise = new Promise(resolve => {
    release = resolve
  })
  return { promise, release }
}

async function settle(persistence) {
  // A compaction begins within half a second.
  await delay(700)
  for (let i = 0; i < 100 && persistence.stats().queue.openCalls > 0; i++) await delay(10)
}

test(
  'an item with a smaller clock than a large entry does not cause a rewrite of that entry',
  onceOnly,
  async t => {
    const table = new TestTable()
    const api = table.open(t)
    const websocket = table.open(t)
    await api.setMeta('doc', 'made', true)
    await api.storeUpdate('doc', keys(1, { clientID: 2, prefix: 'first' })[0])
    await websocket.storeUpdate('doc', bigUpdate(2 * ONE_MEGABYTE))
    await websocket.flushDocument('doc')
    const before = writeUnits(api, websocket)
    for (let i = 0; i < 3; i++) {
      await api.storeUpdate('doc', keys(1, { clientID: 10 + i, prefix: `api${i}` })[0])
      await websocket.getDiff('doc')
      await settle(websocket)
    }
    assert.equal(writeUnits(api, websocket) - before, 3)
    assert.equal(Object.keys(mapOf(await websocket.getYDoc('doc'))).length, 5)
  }
)

test('a compaction that may not delete does not write another copy at each attempt', onceOnly, async t => {
  const table = await ProxiedTable.before(t)
  let isDenied = true
  table.rule(({ operation }) => (isDenied && operation === 'BatchWriteItem' ? deny : undefined))
  const persistence = table.open(t, { compactionItems: 10, onError: () => {} })
  const updates = [bigUpdate(ONE_MEGABYTE, { clientID: 9 }), ...keystrokes(40)]
  for (const update of updates) await persistence.storeUpdate('doc', update)
  for (let attempt = 0; attempt < 4; attempt++)
    await rejectsWith('ERR_ACCESS', persistence.flushDocument('doc'))
  const bytes = (await table.items('doc')).reduce((sum, { value }) => sum + value.length, 0)
  assert.ok(bytes < 2.2 * ONE_MEGABYTE, `${bytes} bytes of a document of 1 MB`)
  isDenied = false
  await persistence.flushDocument('doc')
  assert.ok((await table.items('doc')).length <= 5)
  assert.deepEqual(mapOf(await persistence.getYDoc('doc')), mapOf(docOf(updates)))
})

test(
  'a compaction that may not seal deletes its copy, and checks the permission before it writes another',
  onceOnly,
  async t => {
    const table = await ProxiedTable.before(t)
    table.rule(({ operation }) => (operation === 'UpdateItem' ? deny : undefined))
    const persistence = table.open(t, { compactionItems: 0 })
    await Promise.all(keystrokes(300).map(update => persistence.storeUpdate('doc', update, true)))
    const items = (await table.items('doc')).length
    await rejectsWith('ERR_ACCESS', persistence.flushDocument('doc'))
    const before = writeUnits(persistence)
    for (let attempt = 0; attempt < 5; attempt++)
      await rejectsWith('ERR_ACCESS', persistence.flushDocument('doc'))
    assert.ok(writeUnits(persistence) - before <= 10, 'two small requests for each attempt at most')
    assert.equal((await table.items('doc')).length, items)
  }
)

test('a large state vector does not make a keystroke more expensive', onceOnly, async t => {
  const persistence = new TestTable().open(t)
  const crowd = Array.from({ length: 20_000 }, (_, i) => keystrokes(1, { clientID: 1_000_000_000 + i })[0])
  await Promise.all(crowd.map(update => persistence.storeUpdate('doc', update)))
  await persistence.flushDocument('doc')
  const before = writeUnits(persistence)
  const typed = keystrokes(3)
  for (const update of typed) {
    await persistence.storeUpdate('doc', update)
    await persistence.getDiff('doc')
    await settle(persistence)
  }
  assert.equal(writeUnits(persistence) - before, 3)
})

test('later calls do not wait for a flush', onceOnly, async t => {
  const table = await ProxiedTable.before(t)
  const persistence = table.open(t)
  const updates = keystrokes(600)
  await Promise.all(updates.map(update => persistence.storeUpdate('doc', update, true)))
  const { promise: held, release } = hold()
  const isDelete = ({ operation }) => operation === 'BatchWriteItem' || operation === 'DeleteItem'
  const pass = async ({ response, forward }) => {
    await held
    answer(response, await forward())
  }
  table.rule(request => (isDelete(request) ? pass : undefined))
  let isFlushed = false
  const flushed = persistence.flushDocument('doc').then(() => {
    isFlushed = true
  })
  const stored = persistence.storeUpdate('doc', keystrokes(1, { clientID: 2 })[0])
  const read = persistence.getYDoc('doc')
  await Promise.race([Promise.all([stored, read]), delay(30_000, undefined, { ref: false })])
  assert.equal(isFlushed, false)
  release()
  await flushed
  assert.equal(textOf(await read).length, 601)
  assert.ok((await table.items('doc')).length <= 4)
})
