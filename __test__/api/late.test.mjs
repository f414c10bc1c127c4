/** Attempts that time out and are applied after later calls; large updates whose stores fail halfway. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { ProxiedTable, throttle } from '../support/proxy.mjs'
import { rejectsWith } from '../support/errors.mjs'
import { readSortKey } from '../support/format.mjs'
import { bigUpdate, keystrokes, mapOf, textOf } from '../support/documents.mjs'

const IMPATIENT = { requestTimeoutMs: 500, operationTimeoutMs: 5_000 }

/** Long enough for a call that does not wait. */
const BEFORE_DELIVERY_MS = 1_000

describe('a PutItem that arrives late', { concurrency: true }, () => {
  /** A persistence whose first PutItem gets no answer. It is applied when a later call has resolved or waits. */
  async function holding(t) {
    const table = await ProxiedTable.before(t)
    const persistence = table.open(t, { aws: IMPATIENT })
    await persistence.getYDoc('warm')
    let held
    table.rule(({ operation }) => {
      if (operation !== 'PutItem' || held !== undefined) return undefined
      return async ({ forward }) => {
        held = forward
      }
    })
    const deliverDuring = async call => {
      await Promise.race([call, delay(BEFORE_DELIVERY_MS)])
      await held()
      await call
    }
    return { table, persistence, deliverDuring }
  }

  test('does not undo a clear', async t => {
    const { table, persistence, deliverDuring } = await holding(t)
    await persistence.storeUpdate('doc', keystrokes(1)[0])
    await deliverDuring(persistence.clearDocument('doc'))
    assert.equal(textOf(await persistence.getYDoc('doc')), '')
    assert.deepEqual(await table.items(), [])
  })

  test('does not undo a later setMeta', async t => {
    const { persistence, deliverDuring } = await holding(t)
    await persistence.setMeta('doc', 'key', 'second')
    await deliverDuring(persistence.setMeta('doc', 'key', 'third'))
    assert.equal(await persistence.getMeta('doc', 'key'), 'third')
  })

  test('does not delay a clear of another document', async t => {
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

test('a large update is stored part by part under throttling', async t => {
  const table = await ProxiedTable.before(t)
  const persistence = table.open(t, { aws: { maxAttempts: 3 } })
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
