/** The writer of a document over a table that answers when it is told to. */
import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { until } from '../support/until.mjs'
import { bigUpdate, docOf, keystrokes, mapOf, textOf } from '../support/documents.mjs'

const { Writer } = createRequire(import.meta.url)('../../lib/writer.js')

const REFUSED = Object.assign(new Error('refused for now'), { code: 'ERR_UNAVAILABLE' })

const open = () => {
  const calls = []
  const reported = []
  const store = (docName, update) => new Promise((resolve, reject) => calls.push({ update, resolve, reject }))
  const writer = new Writer('doc', {
    gc: true,
    unsettled: new Map(),
    store,
    tell: error => reported.push(error.code)
  })
  return { writer, calls, reported }
}

test('what is refused in the moment in which a retry succeeds is sent again once, and is no second series of retries', async () => {
  const { writer, calls, reported } = open()
  const updates = keystrokes(2)
  writer.store(updates[0])
  writer.store(updates[1])
  calls[0].reject(REFUSED)
  await until('the retry', () => calls.length === 3)
  calls[2].resolve()
  calls[1].reject(REFUSED)
  await until('the update again', () => calls.length === 4)
  calls[3].resolve()
  await writer.settled()
  // Ends the pause of the second series.
  await writer.close()
  await setImmediate()
  assert.deepEqual(
    calls.map(({ update }) => update),
    [updates[0], updates[1], updates[0], updates[1]]
  )
  assert.deepEqual(reported, [REFUSED.code, REFUSED.code])
})

test('settled resolves for what came before it, whatever comes since and in whatever order it is stored', async () => {
  const { writer, calls } = open()
  const [first, second, third] = keystrokes(3)
  writer.store(first)
  writer.store(second)
  let isSettled = false
  const settled = writer.settled().then(() => {
    isSettled = true
  })
  const tried = writer.tried()
  writer.store(third)
  calls[1].resolve()
  calls[2].resolve()
  calls[0].reject(REFUSED)
  assert.equal(await tried, false)
  await until('the retry', () => calls.length === 4)
  assert.equal(isSettled, false)
  writer.store(third)
  calls[3].resolve()
  await settled
  assert.equal(writer.isSettled, false)
  await until('what came since', () => calls.length === 5)
  calls[4].resolve()
  await writer.close()
})

test('a large update that is refused is retried byte for byte, and small ones gather beside it', async () => {
  const { writer, calls } = open()
  const large = [1, 2].map(n => bigUpdate(400_000, { clientID: 10 + n, key: `large${n}-` }))
  const small = keystrokes(3)
  const refuseAll = () => {
    for (const { reject } of calls.splice(0)) reject(REFUSED)
  }
  for (const update of [large[0], small[0], small[1], large[1]]) writer.store(update)
  refuseAll()
  for (let round = 0; round < 2; round++) {
    await until('the retry', () => calls.length > 0)
    if (round === 0) writer.store(small[2])
    const [first, second, merged, ...others] = calls.map(({ update }) => update)
    assert.deepEqual([first, second, others], [large[0], large[1], []])
    assert.equal(textOf(docOf([merged])), round === 0 ? 'ab' : 'abc')
    const settled = writer.settled().then(() => 'settled')
    if (round === 0) {
      refuseAll()
      continue
    }
    for (const { resolve } of calls.splice(0)) resolve()
    assert.equal(await settled, 'settled')
  }
  assert.equal(writer.isSettled, true)
})

test('what became large while it was refused stays as it is from its first attempt on', async () => {
  const { writer, calls } = open()
  for (const n of [1, 2]) writer.store(bigUpdate(200_000, { clientID: n, key: `part${n}-` }))
  for (const { reject } of calls.splice(0)) reject(REFUSED)
  await until('the retry', () => calls.length === 1)
  const [{ update: together, reject }] = calls.splice(0)
  assert.deepEqual(Object.keys(mapOf(docOf([together]))).sort(), ['part1-0', 'part2-0'])
  writer.store(keystrokes(1)[0])
  reject(REFUSED)
  await until('the next one', () => calls.length === 2)
  assert.deepEqual(calls[0].update, together)
  for (const { resolve } of calls) resolve()
  await writer.close()
})
