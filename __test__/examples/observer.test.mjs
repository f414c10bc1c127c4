import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TestTable, onceOnly } from '../support/engine.mjs'
import { keystrokes } from '../support/documents.mjs'
import { Observer } from '../../examples/demo/observer.mjs'
import { until } from '../support/until.mjs'

const PRICES = { write: 1, read: 2 }

const observed = t => {
  const table = new TestTable()
  const persistence = table.open(t)
  const observer = new Observer(persistence, table.config(), PRICES)
  t.after(() => observer.close())
  return { persistence, observer }
}

test(
  'a document is read when somebody asks for it, and again only after it has changed and the pause is over',
  onceOnly,
  async t => {
    const { persistence, observer } = observed(t)
    const [first, ...others] = keystrokes(21)
    await persistence.storeUpdate('doc', first)
    const begun = Date.now()
    const { stored, own } = await observer.report('doc')
    assert.equal(stored.items, 1)

    for (const update of others) {
      await persistence.storeUpdate('doc', update)
      const {
        own: { requests }
      } = await observer.report('doc')
      assert(requests <= own.requests + Math.floor((Date.now() - begun) / 2_000), `${requests} requests`)
    }
    const last = await until('the newest state', async () => {
      const report = await observer.report('doc')
      return report.stored.items === 21 && report
    })
    await new Promise(resolve => setTimeout(resolve, 2_100)) // the pause is over, and nothing has changed
    for (let i = 0; i < 20; i++) assert.deepEqual((await observer.report('doc')).own, last.own)
  }
)

test('what the observer reads is not in the cost that it tells', onceOnly, async t => {
  const { persistence, observer } = observed(t)
  await persistence.storeUpdate('doc', keystrokes(1)[0])
  const before = Object.values(persistence.stats().requests).reduce((sum, { requests }) => sum + requests, 0)
  const { cost, own, prices } = await observer.report('doc')
  await observer.all()
  assert.equal(cost.requests, before)
  assert.equal(cost.writeUnits, 1)
  assert(own.readUnits > 0)
  assert.deepEqual(prices, PRICES)
  assert.equal((await observer.report('doc')).cost.requests, before)
})

test('the last compaction of a document is told from the first question on', onceOnly, async t => {
  const { persistence, observer } = observed(t)
  for (const update of keystrokes(10)) await persistence.storeUpdate('doc', update)
  assert.equal((await observer.report('doc')).compaction, undefined)
  await persistence.flushDocument('doc')
  const { entries, bytesBefore, bytesAfter } = await until(
    'the news',
    async () => (await observer.report('doc')).compaction
  )
  assert.equal(entries, 10)
  assert(bytesAfter < bytesBefore)
})
