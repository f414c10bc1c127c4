/** Pending updates over a table that answers when the test lets it. */
import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { until } from '../support/until.mjs'
import { bigUpdate, docOf, keystrokes, mapOf, textOf } from '../support/documents.mjs'

const { PendingUpdates } = createRequire(import.meta.url)('../../lib/pending-updates.js')

const REFUSED = Object.assign(new Error('refused for now'), { code: 'ERR_UNAVAILABLE' })

const open = () => {
  const calls = []
  const reported = []
  const store = (docName, update) => new Promise((resolve, reject) => calls.push({ update, resolve, reject }))
  const byName = new Map()
  const table = { gc: true, pending: byName, store, report: error => reported.push(error.code) }
  const create = () => new PendingUpdates('doc', table)
  return { pending: create(), create, byName, calls, reported }
}

test('an update that is refused just as a retry succeeds is sent again once, without a second series of retries', async () => {
  const { pending, calls, reported } = open()
  const updates = keystrokes(2)
  pending.store(updates[0])
  pending.store(updates[1])
  calls[0].reject(REFUSED)
  await until('the retry', () => calls.length === 3)
  calls[2].resolve()
  calls[1].reject(REFUSED)
  await until('the update again', () => calls.length === 4)
  calls[3].resolve()
  await pending.whenStored()
  // Ends the pause of the second series.
  await pending.close()
  await setImmediate()
  assert.deepEqual(
    calls.map(({ update }) => update),
    [updates[0], updates[1], updates[0], updates[1]]
  )
  assert.deepEqual(reported, [REFUSED.code, REFUSED.code])
})

test('whenStored resolves for the updates before the call, whatever comes later and in whatever order they are stored', async () => {
  const { pending, calls } = open()
  const [first, second, third] = keystrokes(3)
  pending.store(first)
  pending.store(second)
  let isStored = false
  const stored = pending.whenStored().then(() => {
    isStored = true
  })
  const tried = pending.whenAttempted()
  pending.store(third)
  calls[1].resolve()
  calls[2].resolve()
  calls[0].reject(REFUSED)
  assert.equal(await tried, false)
  await until('the retry', () => calls.length === 4)
  assert.equal(isStored, false)
  pending.store(third)
  calls[3].resolve()
  await stored
  assert.equal(pending.isEmpty, false)
  await until('what came since', () => calls.length === 5)
  calls[4].resolve()
  await pending.close()
})

test('a refused large update is retried byte for byte, and small ones are merged', async () => {
  const { pending, calls } = open()
  const large = [1, 2].map(n => bigUpdate(400_000, { clientID: 10 + n, key: `large${n}-` }))
  const small = keystrokes(3)
  const refuseAll = () => {
    for (const { reject } of calls.splice(0)) reject(REFUSED)
  }
  for (const update of [large[0], small[0], small[1], large[1]]) pending.store(update)
  refuseAll()
  for (let round = 0; round < 2; round++) {
    await until('the retry', () => calls.length > 0)
    if (round === 0) pending.store(small[2])
    const [first, second, merged, ...others] = calls.map(({ update }) => update)
    assert.deepEqual([first, second, others], [large[0], large[1], []])
    assert.equal(textOf(docOf([merged])), round === 0 ? 'ab' : 'abc')
    const stored = pending.whenStored().then(() => 'stored')
    if (round === 0) {
      refuseAll()
      continue
    }
    for (const { resolve } of calls.splice(0)) resolve()
    assert.equal(await stored, 'stored')
  }
  assert.equal(pending.isEmpty, true)
})

test('updates that become large by merging are not changed after their first attempt', async () => {
  const { pending, calls } = open()
  for (const n of [1, 2]) pending.store(bigUpdate(200_000, { clientID: n, key: `part${n}-` }))
  for (const { reject } of calls.splice(0)) reject(REFUSED)
  await until('the retry', () => calls.length === 1)
  const [{ update: together, reject }] = calls.splice(0)
  assert.deepEqual(Object.keys(mapOf(docOf([together]))).sort(), ['part1-0', 'part2-0'])
  pending.store(keystrokes(1)[0])
  reject(REFUSED)
  await until('the next one', () => calls.length === 2)
  assert.deepEqual(calls[0].update, together)
  for (const { resolve } of calls) resolve()
  await pending.close()
})

test('after a clear another instance takes over, and updates still in flight do not remove it', async () => {
  const { pending, create, byName, calls, reported } = open()
  pending.store(keystrokes(1)[0])
  pending.discard({ ended: Promise.resolve(), operation: 'clearDocument' })
  const stored = pending.whenStored()
  const next = create()
  next.store(keystrokes(1)[0])
  calls[0].reject(REFUSED)
  await stored
  assert.equal(byName.get('doc'), next)
  assert.deepEqual(reported, [])
})

test('an update is retried after an error that a repair or an operator can resolve, and given up after any other', async () => {
  const refused = async code => {
    const { pending, calls, reported } = open()
    pending.store(keystrokes(1)[0])
    calls.pop().reject(Object.assign(new Error(code), { code }))
    await setImmediate()
    assert.deepEqual(reported, [code])
    return { pending, calls }
  }
  for (const code of ['ERR_ACCESS', 'ERR_TABLE', 'ERR_CORRUPT']) {
    const { pending, calls } = await refused(code)
    await until('the retry', () => calls.length > 0)
    calls.pop().resolve()
    await pending.whenStored()
  }
  for (const code of ['ERR_INVALID_ARGUMENT', 'ERR_INVALID_UPDATE', 'ERR_CLOSED']) {
    const { pending, calls } = await refused(code)
    assert.deepEqual([pending.isEmpty, calls.length], [true, 0])
  }
})
