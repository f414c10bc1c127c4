/** Calls of one process on one document take effect in call order, awaited or not (ARCHITECTURE.md, I8). */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TestTable } from '../support/dynamodb.mjs'
import { Y, docOf, keys, keystrokes, mapOf, textOf } from '../support/documents.mjs'
import { ProxiedTable, delay } from '../support/proxy.mjs'

test('2,000 stores without await, then a read: it contains all, and clocks never decrease', async t => {
  const persistence = new TestTable().open(t)
  const updates = keystrokes(2_000)
  const clocks = updates.map(update => persistence.storeUpdate('doc', update))
  assert.equal(textOf(await persistence.getYDoc('doc')), textOf(docOf(updates)))
  const all = await Promise.all(clocks)
  assert(all.every((clock, i) => i === 0 || clock >= all[i - 1]))
})

test('calls on one document take effect in call order', async t => {
  const persistence = new TestTable().open(t)
  const [a, b, c] = keystrokes(3)
  const results = [
    persistence.storeUpdate('doc', a),
    persistence.getYDoc('doc'),
    persistence.clearDocument('doc'),
    persistence.getStateVector('doc'),
    persistence.storeUpdate('doc', a),
    persistence.storeUpdate('doc', b),
    persistence.setMeta('doc', 'k', 1),
    persistence.getMeta('doc', 'k'),
    persistence.delMeta('doc', 'k'),
    persistence.getMeta('doc', 'k'),
    persistence.flushDocument('doc'),
    persistence.storeUpdate('doc', c),
    persistence.getYDoc('doc')
  ]
  const done = await Promise.all(results)
  assert.equal(textOf(done[1]), 'a')
  assert.deepEqual(done[3], Uint8Array.of(0))
  assert.equal(done[7], 1)
  assert.equal(done[9], undefined)
  assert.equal(textOf(done[12]), 'abc')
})

test('the caller may overwrite its buffer right after the call', async t => {
  const persistence = new TestTable().open(t)
  const updates = keystrokes(100)
  const expected = textOf(docOf(updates))
  const buffer = new Uint8Array(1_000)
  const stores = updates.map(update => {
    buffer.set(update)
    const stored = persistence.storeUpdate('doc', buffer.subarray(0, update.length))
    buffer.fill(255)
    return stored
  })
  const bytes = Uint8Array.of(1, 2, 3)
  const meta = persistence.setMeta('doc', 'bytes', bytes)
  bytes.fill(9)
  const stateVector = Uint8Array.of(0)
  const diff = persistence.getDiff('doc', stateVector)
  stateVector.fill(255)
  await Promise.all([...stores, meta])
  assert.equal(textOf(docOf([await diff])), expected)
  assert.equal(textOf(await persistence.getYDoc('doc')), expected)
  assert.deepEqual(await persistence.getMeta('doc', 'bytes'), Uint8Array.of(1, 2, 3))
})

test('200 calls outside the queue lose nothing', async t => {
  const persistence = new TestTable().open(t)
  const updates = keys(200)
  await Promise.all(
    updates.flatMap((update, i) => [
      persistence.storeUpdate('doc', update, true),
      i % 10 === 0 ? persistence.getYDoc('doc', true) : undefined,
      i % 25 === 0 ? persistence.flushDocument('doc', true) : undefined,
      i % 20 === 0 ? persistence.setMeta('doc', `m${i}`, i, true) : undefined
    ])
  )
  assert.deepEqual(mapOf(await persistence.getYDoc('doc')), mapOf(docOf(updates)))
  assert.equal((await persistence.getMetas('doc', true)).size, 10)
})

test('a call outside the queue does not wait for earlier calls on its document', async t => {
  const table = await ProxiedTable.before(t)
  const persistence = table.open(t)
  await persistence.setMeta('doc', 'k', 1)
  table.rule(({ operation }) => (operation === 'PutItem' ? delay(1_000) : undefined))
  const order = []
  const slow = persistence.storeUpdate('doc', keystrokes(1)[0]).then(() => order.push('store'))
  const fast = persistence.getMeta('doc', 'k', true).then(() => order.push('meta'))
  await Promise.all([slow, fast])
  assert.deepEqual(order, ['meta', 'store'])
})

test('reads and meta calls outside the queue do not wait for a store; a clear does, so that it deletes what the store writes', async t => {
  const table = await ProxiedTable.before(t)
  const persistence = table.open(t)
  const [first, second] = keystrokes(2)
  await persistence.storeUpdate('doc', first)
  await persistence.setMeta('doc', 'k', 1)
  let letThrough
  const held = new Promise(resolve => {
    letThrough = resolve
  })
  table.rule(({ operation }) =>
    operation === 'PutItem'
      ? async fault => {
          await held
          await delay(0)(fault)
        }
      : undefined
  )
  const store = persistence.storeUpdate('doc', second)
  // If one of these waited, the store would never be released and would fail.
  assert.deepEqual(await persistence.getStateVector('doc', true), Y.encodeStateVector(docOf([first])))
  assert.equal(textOf(docOf([await persistence.getDiff('doc', undefined, true)])), 'a')
  await persistence.delMeta('doc', 'k', true)
  assert.equal(await persistence.getMeta('doc', 'k', true), undefined)
  const clear = persistence.clearDocument('doc', true)
  letThrough()
  await Promise.all([store, clear])
  assert.equal(textOf(await persistence.getYDoc('doc')), '')
})

test('documents do not wait for each other', async t => {
  const table = await ProxiedTable.before(t)
  const persistence = table.open(t)
  await persistence.getYDoc('warm')
  table.rule(({ body }) => (JSON.stringify(body).includes('"slow"') ? delay(1_500) : undefined))
  const order = []
  await Promise.all([
    persistence.storeUpdate('slow', keystrokes(1)[0]).then(() => order.push('slow')),
    persistence.storeUpdate('quick', keystrokes(1)[0]).then(() => order.push('quick')),
    persistence.getYDoc('other').then(() => order.push('other'))
  ])
  assert.equal(order.at(-1), 'slow')
})

test('stores that wait for a request in flight are sent together', async t => {
  const table = await ProxiedTable.before(t)
  const persistence = table.open(t)
  await persistence.getYDoc('doc')
  table.rule(({ operation }) => (operation === 'PutItem' ? delay(100) : undefined))
  await Promise.all(keystrokes(500).map(update => persistence.storeUpdate('doc', update)))
  assert(table.count('PutItem') <= 4, `${table.count('PutItem')} puts for 500 updates`)
})

test('batchDelayMs delays stores, and a read sends them', async t => {
  const table = await ProxiedTable.before(t)
  const persistence = table.open(t, { batchDelayMs: 60_000 })
  const stores = keystrokes(20).map(update => persistence.storeUpdate('doc', update))
  assert.equal(textOf(await persistence.getYDoc('doc')).length, 20)
  const clocks = await Promise.all(stores)
  assert.equal(new Set(clocks).size, 1)
  assert.equal(table.count('PutItem'), 1)
})
