/** The numbers that the page of the demo shows about its document. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { isDeepStrictEqual } from 'node:util'
import { TestTable } from '../support/dynamodb.mjs'
import { closeBrowser, inChromium } from './browser.mjs'
import { serve, shows } from './editor.mjs'
import { until } from '../support/until.mjs'

after(closeBrowser)

test('a page that nobody types on stores nothing', inChromium, async t => {
  const { demo, open } = await serve(t)
  const ada = await open('/nothing')
  await until('the panel', async () => (await ada.field('items')) === '0')
  await ada.reload()
  await until('the panel', async () => (await ada.field('items')) === '0')
  assert.deepEqual((await demo.stored()).documents, [])
})

const LETTER = 'Every keystroke on this page is an update in a DynamoDB table. '.repeat(2)
/** Too much for an open item: each paragraph is an item, and some dozens are compacted. */
const PARAGRAPH = 'lorem ipsum '.repeat(100)
const PARAGRAPHS = 60

const parse = text => Number(text.replaceAll(/[^0-9.]/g, ''))

const numbersOf = async (person, names) =>
  Object.fromEntries(await Promise.all(names.map(async name => [name, parse(await person.field(name))])))

/** Waits until the report changes no more, although the pages go on fetching it. */
const settled = (demo, docName) =>
  until('a report that stays the same', async () => {
    const before = await demo.stored(docName)
    await new Promise(resolve => setTimeout(resolve, 3_000))
    const report = await demo.stored(docName)
    return isDeepStrictEqual(before, report) && report
  })

test(
  'the panel shows what the table holds, and nothing is read while nothing changes',
  inChromium,
  async t => {
    const { demo, open } = await serve(t)
    const [ada, grace] = await Promise.all([open('/minutes'), open('/minutes')])
    await ada.type(LETTER)
    await shows(grace, LETTER.trim())
    await grace.type('Next time: Thursday at ten')
    await Promise.all([ada.saved(), grace.saved()])
    let pasted = 0
    await until('a compaction', async () => {
      if (pasted++ < PARAGRAPHS) await ada.page.keyboard.insertText(PARAGRAPH)
      return /merged/.test(await ada.field('compactions'))
    })
    await ada.saved()
    const { stored, waiting, compactions } = await settled(demo, 'minutes')

    // The panel, the report of all documents and the items of the table agree.
    // The panel shows KB here.
    const expected = { items: stored.items, bytes: Number((stored.bytes / 1_000).toFixed(1)), waiting: 0 }
    assert.equal(waiting, 0)
    await until(`the panel with ${JSON.stringify(expected)}`, async () =>
      isDeepStrictEqual(await numbersOf(ada, Object.keys(expected)), expected)
    )
    const [{ items, bytes }] = (await demo.stored()).documents
    assert.deepEqual({ items, bytes }, { items: stored.items, bytes: stored.bytes })
    const table = new TestTable({ endpoint: `file:${demo.file}`, tableName: 'demo' })
    const values = (await table.items('minutes')).filter(({ value }) => value.length > 2) // without heads of sets
    assert.equal(items, values.length)
    assert.equal(
      bytes,
      values.reduce((sum, { value }) => sum + value.length, 0)
    )

    // One bar for each item. The other counts of items say that they are about the past.
    const bars = (await ada.page.locator('#items path').getAttribute('d')).match(/M/g)
    assert.equal(bars.length, items)
    assert(compactions.count >= 1 && compactions.entries >= 20, JSON.stringify(compactions))
    assert.match(
      await ada.field('compactions'),
      new RegExp(`^${compactions.count} compactions? so far, which merged ${compactions.entries} items\\.`)
    )
  }
)

test('the cost on a page is that of its document', inChromium, async t => {
  const { demo, open } = await serve(t)
  const [ada, grace] = await Promise.all([open('/minutes'), open('/letter')])
  await ada.type('short')
  await ada.saved()
  const { cost, prices } = await settled(demo, 'minutes')
  await grace.type(LETTER)
  await grace.saved()
  const letter = await settled(demo, 'letter')
  assert.deepEqual((await demo.stored('minutes')).cost, cost)
  assert(cost.writeUnits >= 1 && cost.writeUnits <= 5, JSON.stringify(cost))
  assert(letter.cost.writeUnits > LETTER.length / 10, JSON.stringify(letter.cost))

  assert.deepEqual(prices, { write: 0.625, read: 0.125 })
  for (const [person, { writeUnits, readUnits }] of [
    [ada, cost],
    [grace, letter.cost]
  ]) {
    const money = (writeUnits * prices.write + readUnits * prices.read) / 1_000_000
    await until('the cost', async () => Math.abs(parse(await person.field('money')) - money) < 0.000_001)
    assert.deepEqual(await numbersOf(person, ['writeUnits', 'readUnits']), { writeUnits, readUnits })
  }
})
