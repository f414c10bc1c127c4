/** A table that is never ready: the calls that wait for it end with the operation timeout. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { onceOnly } from '../support/dynamodb.mjs'
import { rejectsWith } from '../support/errors.mjs'
import { keystrokes } from '../support/documents.mjs'
import { ProxiedTable, creatingUntil } from '../support/proxy.mjs'

test(
  'a table that stays CREATING rejects calls within the operation timeout, and serves them when it is ACTIVE',
  onceOnly,
  async t => {
    const table = await ProxiedTable.before(t)
    await table.create()
    const creating = creatingUntil(Date.now() + 60_000)
    table.rule(({ operation }) => (operation === 'DescribeTable' ? creating : undefined))
    const persistence = table.open(t, { aws: { operationTimeoutMs: 1_500 } })
    const begun = Date.now()
    const error = await rejectsWith('ERR_UNAVAILABLE', persistence.storeUpdate('doc', keystrokes(1)[0]))
    assert.equal(error.retryable, true)
    assert.ok(Date.now() - begun < 20_000, 'not after the default of 30 s')
    table.rule(() => undefined)
    assert.equal(await persistence.storeUpdate('doc', keystrokes(1)[0]), 0)
  }
)
