/** Calls that wait while the table does not answer. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { onceOnly } from '../support/dynamodb.mjs'
import { rejectsWith } from '../support/errors.mjs'
import { bigUpdate, keystrokes, mapOf, textOf } from '../support/documents.mjs'
import { docWith, open, stored } from '../support/bound.mjs'
import { ProxiedTable, deny, hang, serverError, throttle } from '../support/proxy.mjs'

/** Ends by the number of attempts, however long a busy machine takes for one. */
const FEW_ATTEMPTS = { aws: { maxAttempts: 2, requestTimeoutMs: 10_000, operationTimeoutMs: 30_000 } }
/** For a table that does not answer. */
const IMPATIENT = { aws: { maxAttempts: 1, requestTimeoutMs: 2_000, operationTimeoutMs: 30_000 } }

/** The keys of all puts so far; attempts of one put have the same key. */
const putKeys = table =>
  new Set(
    table.requests.filter(({ operation }) => operation === 'PutItem').map(({ body }) => body.Item.ykeysort.B)
  )

for (const [what, fault, code] of [
  ['does not answer', hang, 'ERR_UNAVAILABLE'],
  ['throttles', throttle, 'ERR_THROTTLED']
]) {
  test(
    `a table that ${what}: the backlog of a document is refused with the batch before it`,
    onceOnly,
    async t => {
      const table = await ProxiedTable.before(t)
      const persistence = table.open(t, fault === hang ? IMPATIENT : FEW_ATTEMPTS)
      await persistence.storeUpdate('doc', keystrokes(1)[0])
      const before = putKeys(table).size
      table.rule(({ operation }) => (operation === 'PutItem' ? fault : undefined))
      // Ten batches: two of these do not fit into one.
      const updates = Array.from({ length: 10 }, (_, i) =>
        bigUpdate(200_000, { clientID: 2 + i, key: `${i}` })
      )
      const errors = await Promise.all(
        updates.map(update => rejectsWith(code, persistence.storeUpdate('doc', update), 'doc'))
      )
      assert(errors.every(({ retryable }) => retryable))
      assert.equal(putKeys(table).size - before, 1)
      table.rule(() => undefined)
      await persistence.storeUpdate('doc', bigUpdate(1_000, { clientID: 50, key: 'after' }))
      const doc = await persistence.getYDoc('doc')
      assert.equal(textOf(doc), 'a')
      assert('after0' in mapOf(doc))
    }
  )
}

test('the waiting stores of one document are refused, those of another are not', onceOnly, async t => {
  const table = await ProxiedTable.before(t)
  const persistence = table.open(t, FEW_ATTEMPTS)
  await Promise.all(['one', 'other'].map(doc => persistence.storeUpdate(doc, keystrokes(1)[0])))
  table.rule(({ operation, body }) =>
    operation === 'PutItem' && body.Item.ydocname.S === 'one' ? throttle : undefined
  )
  const updates = Array.from({ length: 3 }, (_, i) => bigUpdate(200_000, { clientID: 2 + i, key: `${i}` }))
  const refused = updates.map(update => rejectsWith('ERR_THROTTLED', persistence.storeUpdate('one', update)))
  await Promise.all(updates.map(update => persistence.storeUpdate('other', update)))
  await Promise.all(refused)
})

test('a batch that fails does not fail another batch', onceOnly, async t => {
  const table = await ProxiedTable.before(t)
  const persistence = table.open(t)
  await persistence.storeUpdate('doc', keystrokes(1)[0])
  let puts = 0
  table.rule(({ operation }) => (operation === 'PutItem' && puts++ === 0 ? deny : undefined))
  const [first, ...others] = Array.from({ length: 4 }, (_, i) =>
    persistence.storeUpdate('doc', bigUpdate(200_000, { clientID: 2 + i, key: `${i}` }))
  )
  await rejectsWith('ERR_ACCESS', first)
  await Promise.all(others)
})

test('calls that wait between the stores do not fail with them', onceOnly, async t => {
  const table = await ProxiedTable.before(t)
  const persistence = table.open(t, FEW_ATTEMPTS)
  await persistence.storeUpdate('doc', keystrokes(1)[0])
  table.rule(({ operation }) => (operation === 'PutItem' ? serverError : undefined))
  const refused = clientID =>
    rejectsWith('ERR_UNAVAILABLE', persistence.storeUpdate('doc', bigUpdate(1_000, { clientID })))
  const before = [2, 3].map(refused)
  const read = persistence.getYDoc('doc')
  await Promise.all([...before, refused(4)])
  assert.equal(textOf(await read), 'a')
})

test('close sends at once what batchDelayMs delays, of bound documents too', onceOnly, async t => {
  const table = await ProxiedTable.before(t)
  const { persistence, codes } = open(t, table, { batchDelayMs: 60_000 })
  const doc = docWith('')
  await persistence.bindState('doc', doc)
  doc.getText('text').insert(0, 'late')
  const own = persistence.storeUpdate('own', keystrokes(1)[0])
  const closed = persistence.close().then(() => 'closed')
  assert.equal(await Promise.race([closed, delay(20_000, 'waits', { ref: false })]), 'closed')
  assert.equal(await own, 0)
  assert.deepEqual(codes(), [])
  assert.equal(textOf(await stored(table)), 'late')
})
