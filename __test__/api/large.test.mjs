/** Updates and documents larger than an item, a page and a batch of DynamoDB come back complete. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { TestTable } from '../support/dynamodb.mjs'
import { rejectsWith } from '../support/errors.mjs'
import { readSortKey } from '../support/format.mjs'
import { bigUpdate, keystrokes, mapOf, textOf } from '../support/documents.mjs'

const MB = 1_048_576
const ITEM_LIMIT = 409_600

describe('one update of', () => {
  for (const [what, bytes] of Object.entries({ '410 KB': 410_000, '1 MB': MB, '17 MB': 17 * MB })) {
    test(what, { timeout: 120_000 }, async t => {
      const table = new TestTable()
      const persistence = table.open(t)
      const [first, last] = keystrokes(2, { clientID: 9 })
      await persistence.storeUpdate('doc', first)
      await persistence.storeUpdate('doc', bigUpdate(bytes))
      await persistence.storeUpdate('doc', last)
      const items = await table.items('doc')
      assert(items.every(({ value }) => value.length < ITEM_LIMIT))
      assert.equal(
        items.filter(({ key }) => readSortKey(key).length === 7).length,
        Math.ceil((bytes + 16) / 380_000)
      )
      const doc = await persistence.getYDoc('doc')
      assert.equal(mapOf(doc).big0.length, bytes)
      assert.equal(textOf(doc), 'ab')
      await persistence.flushDocument('doc')
      const again = await persistence.getYDoc('doc')
      assert.equal(mapOf(again).big0.length, bytes)
      assert.equal(textOf(again), 'ab')
      await persistence.clearDocument('doc')
      assert.deepEqual(await table.items(), [])
    })
  }
})

test('a document of 40 MB', { timeout: 240_000 }, async t => {
  const table = new TestTable()
  const persistence = table.open(t)
  for (let i = 0; i < 20; i++)
    await persistence.storeUpdate('doc', bigUpdate(2 * MB, { clientID: i + 1, key: `part${i}-` }))
  await persistence.flushDocument('doc')
  const map = mapOf(await persistence.getYDoc('doc'))
  assert.equal(
    Object.values(map).reduce((sum, value) => sum + value.length, 0),
    40 * MB
  )
  assert.equal((await persistence.getStateVector('doc'))[0], 20)
  await persistence.clearDocument('doc')
  assert.deepEqual(await table.items(), [])
})

test('a meta of 500 KB is too large, and leaves the one before', async t => {
  const persistence = new TestTable().open(t)
  await persistence.setMeta('doc', 'key', 'before')
  const error = await rejectsWith(
    'ERR_TOO_LARGE',
    persistence.setMeta('doc', 'key', 'x'.repeat(500_000)),
    'doc'
  )
  assert.match(error.message, /409600/)
  assert.equal(error.retryable, false)
  assert.equal(await persistence.getMeta('doc', 'key'), 'before')
  await persistence.setMeta('doc', 'key', 'x'.repeat(409_000))
  assert.equal((await persistence.getMeta('doc', 'key')).length, 409_000)
})
