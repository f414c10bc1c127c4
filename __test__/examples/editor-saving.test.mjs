/** What the page of the demo says about saving, while the network or the server fails. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { TestTable } from '../support/dynamodb.mjs'
import { sortKey } from '../support/format.mjs'
import { closeBrowser, inChromium } from './browser.mjs'
import { isOffline, same, serve, shows } from './editor.mjs'
import { until } from '../support/until.mjs'

after(closeBrowser)

test('what was typed offline is on the other page when the network is back', inChromium, async t => {
  const { open } = await serve(t)
  const [ada, grace] = await Promise.all([open(), open()])
  await ada.type('online')
  await shows(grace, 'online')
  await ada.page.context().setOffline(true)
  await ada.type(', then offline')
  await isOffline(ada)
  assert.equal(await grace.html(), '<p>online</p>')
  await grace.type('GRACE')
  await ada.page.context().setOffline(false)
  await shows(grace, ', then offline')
  await shows(ada, 'GRACE')
  await same(ada, grace)
  await ada.saved()
})

test('a page is saved only when the table contains what was typed', inChromium, async t => {
  const { demo, open } = await serve(t)
  const ada = await open()
  await ada.type('all of this')
  await ada.saved()
  demo.freeze()
  await ada.type(' and that')
  assert.equal(await ada.state(), 'saving')
  await demo.kill() // before it received the text
  await isOffline(ada)
  await demo.start()
  await ada.saved()
  await ada.page.close()
  await demo.kill()
  await demo.start()
  assert.equal(await (await open()).html(), '<p>all of this and that</p>')
})

test(
  'if the table cannot be read, the page shows the code and the last numbers, and is not saved',
  inChromium,
  async t => {
    const { demo, open } = await serve(t)
    const ada = await open()
    await ada.type('a')
    await ada.saved()
    const items = await ada.field('items')
    ada.tolerated = /status of 500/
    const table = new TestTable({ endpoint: `file:${demo.file}`, tableName: 'demo' })
    await table.put({ doc: 'page', key: sortKey(['v1', 'page', 'update', 1_000]), value: Buffer.of(9, 9) })
    await ada.type('b')
    await until('the code', async () =>
      (await ada.page.locator('#panel-error').textContent()).includes('ERR_CORRUPT')
    )
    assert.equal(await ada.field('items'), items)
    assert.equal(await ada.state(), 'saving')
  }
)

const STATE = '#state'

/** Whether the state is inside the window and nothing covers it. */
const isStateVisible = person =>
  person.page.locator(STATE).evaluate(state => {
    const { top, bottom, left, right } = state.getBoundingClientRect()
    const hit = document.elementFromPoint((left + right) / 2, (top + bottom) / 2)
    return top >= 0 && bottom <= innerHeight && left >= 0 && right <= innerWidth && hit === state
  })

const windows = [
  ['a wide', {}],
  ['a narrow', { viewport: { width: 360, height: 640 } }]
]

for (const [name, options] of windows) {
  test(
    `in ${name} window the state and the toolbar are visible at every place of a long document`,
    inChromium,
    async t => {
      const { demo, open } = await serve(t)
      const ada = await open('/a-document-with-a-long-name-of-many-words', options)
      await ada.type('line\n'.repeat(60))
      await ada.saved()
      const visible = async () => {
        assert(await ada.page.evaluate(() => scrollY > 500))
        assert(await isStateVisible(ada))
        await ada.page.getByRole('button', { name: 'Bold' }).click({ trial: true })
      }
      await visible()
      await demo.kill()
      await ada.type('more')
      await isOffline(ada)
      await until('the number', async () => /4 changes/.test(await ada.page.locator(STATE).textContent()))
      await visible()
      await demo.start()
      await ada.saved()
    }
  )
}
