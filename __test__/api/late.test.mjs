/** Attempts that time out and are applied after later calls; large updates whose stores fail halfway. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { ProxiedTable, throttle } from '../support/proxy.mjs'
import { rejectsWith } from '../support/errors.mjs'
import { readSortKey } from '../support/format.mjs'
import { bigUpdate, keystrokes, mapOf, textOf } from '../support/documents.mjs'

const IMPATIENT = { requestTimeoutMs: 500, operationTimeoutMs: 5_000 }

/** The request gets no answer, and is applied after `ms`. */
function hold(ms, delivered) {
  return async ({ forward }) => {
    delivered.push(new Promise(resolve => setTimeout(resolve, ms)).then(() => forward()))
  }
}

describe('a PutItem that arrives late', { concurrency: true }, () => {
  /** A persistence whose first PutItem is delayed, and when that is applied. */
  async function holding(t) {
    const table = await ProxiedTable.before(t)
    const persistence = table.open(t, { aws: IMPATIENT })
    await persistence.getYDoc('warm')
    const delivered = []
    let first = true
    table.rule(({ operation }) => {
      if (operation !== 'PutItem' || !first) return undefined
      first = false
      return hold(8_000, delivered)
    })
    return { table, persistence, delivered }
  }

  test('does not undo a clear', { timeout: 60_000 }, async t => {
    const { table, persistence, delivered } = await holding(t)
    await persistence.storeUpdate('doc', keystrokes(1)[0])
    assert.equal(delivered.length, 1, 'its retry was acknowledged')
    await persistence.clearDocument('doc')
    await Promise.all(delivered)
    assert.equal(textOf(await persistence.getYDoc('doc')), '')
    assert.deepEqual(await table.items(), [])
  })

  test('does not undo a later setMeta', { timeout: 60_000 }, async t => {
    const { persistence, delivered } = await holding(t)
    await persistence.setMeta('doc', 'key', 'second')
    assert.equal(delivered.length, 1)
    await persistence.setMeta('doc', 'key', 'third')
    await Promise.all(delivered)
    assert.equal(await persistence.getMeta('doc', 'key'), 'third')
  })

  test('does not delay a clear of another document', { timeout: 60_000 }, async t => {
    const { persistence } = await holding(t)
    await persistence.storeUpdate('doc', keystrokes(1)[0])
    await persistence.storeUpdate('other', keystrokes(1)[0])
    let cleared = false
    const slow = persistence.clearDocument('doc').then(() => {
      cleared = true
    })
    await persistence.clearDocument('other')
    assert(!cleared)
    await slow
  })
})

test('a large update is stored part by part under throttling', { timeout: 60_000 }, async t => {
  const table = await ProxiedTable.before(t)
  const persistence = table.open(t, { aws: { operationTimeoutMs: 2_500 } })
  await persistence.getYDoc('warm')
  const isPart = body => readSortKey(Buffer.from(body.Item.ykeysort.B, 'base64')).length === 7
  let [allowed, parts] = [0, 0]
  table.rule(({ operation, body }) => {
    if (operation !== 'PutItem' || !isPart(body)) return undefined
    if (allowed === 0) return throttle
    allowed--
    parts++
    return undefined
  })
  const paste = bigUpdate(3_000_000)
  for (let tries = 1; tries < 4; tries++) {
    allowed = 2
    await rejectsWith('ERR_THROTTLED', persistence.storeUpdate('doc', paste), 'doc')
    assert.deepEqual([parts, (await table.items('doc')).length], [2 * tries, 1 + 2 * tries])
  }
  allowed = 2
  await persistence.storeUpdate('doc', paste)
  assert.deepEqual([parts, (await table.items('doc')).length], [8, 9], 'each part once, one head')
  assert.equal(mapOf(await persistence.getYDoc('doc')).big0.length, 3_000_000)
})
