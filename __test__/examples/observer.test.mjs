/** The numbers behind the panel of the demo: each document has its own cost, and reading the numbers adds nothing to it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as Y from 'yjs'
import { TestTable, onceOnly } from '../support/dynamodb.mjs'
import { keystrokes } from '../support/documents.mjs'
import { Observer } from '../../examples/demo/observer.mjs'
import { PersistencePerDocument, costOf } from '../../examples/demo/persistences.mjs'
import { until } from '../support/until.mjs'

const PRICES = { write: 1, read: 2 }

const observed = t => {
  const table = new TestTable()
  const persistence = table.open(t)
  const persistences = { cost: () => costOf(persistence), waiting: () => 0 }
  const observer = new Observer(persistences, table.config(), PRICES)
  t.after(() => observer.close())
  return { persistence, observer }
}

test(
  'a document is read when somebody asks for it, and again only if it has changed and the pause is over',
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
    await new Promise(resolve => setTimeout(resolve, 2_100)) // the pause is over, but nothing has changed
    for (let i = 0; i < 20; i++) assert.deepEqual((await observer.report('doc')).own, last.own)
  }
)

test('the reads of the observer are not in the cost that it reports', onceOnly, async t => {
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

test('the compactions of a document are counted from the first report on', onceOnly, async t => {
  const { persistence, observer } = observed(t)
  for (const update of keystrokes(10)) await persistence.storeUpdate('doc', update)
  assert.deepEqual((await observer.report('doc')).compactions, { count: 0, entries: 0 })
  await persistence.flushDocument('doc')
  const { stored, compactions } = await until('the compaction', async () => {
    const report = await observer.report('doc')
    return report.stored.items === 1 && report
  })
  assert.equal(compactions.count, 1)
  assert.equal(compactions.entries, 10)
  assert(compactions.at <= Date.now())
  assert.deepEqual(stored.sizes, [stored.bytes])
})

test('a persistence without a document in memory is closed, and its cost is kept', onceOnly, async t => {
  const table = new TestTable()
  table.open(t) // a database in memory ends when its last persistence is closed
  const persistences = new PersistencePerDocument(table.config(), { idleMs: 50 })
  t.after(() => persistences.close())
  const open = async docName => {
    const doc = new Y.Doc()
    await persistences.bindState(docName, doc)
    return doc
  }
  const [doc, other] = [await open('doc'), await open('other')]
  doc.getText('text').insert(0, 'text')
  await persistences.writeState('doc', doc)
  doc.destroy()
  await until('the end of one', () => persistences.size === 1)
  assert.equal(persistences.cost('doc').writeUnits, 1)

  other.getText('text').insert(0, 'text')
  await persistences.writeState('other', other)
  const again = await open('doc')
  assert.equal(again.getText('text').toString(), 'text')
  again.getText('text').insert(0, 'more ')
  await persistences.writeState('doc', again)
  assert.equal(persistences.cost('doc').writeUnits, 2)
  assert.equal(persistences.cost('other').writeUnits, 1)
})

test('each document has a cost of its own, and none before it is opened', onceOnly, async t => {
  const table = new TestTable()
  const persistences = new PersistencePerDocument(table.config())
  t.after(() => persistences.close())
  const doc = new Y.Doc()
  await persistences.bindState('doc', doc)
  doc.getText('text').insert(0, 'text')
  await persistences.writeState('doc', doc)
  assert.equal(persistences.cost('doc').writeUnits, 1)
  assert.deepEqual(persistences.cost('other'), { requests: 0, writeUnits: 0, readUnits: 0 })
  assert.equal(persistences.waiting('doc'), 0)
})
