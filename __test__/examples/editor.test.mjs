/** The editor of the demo, end to end: people type in Chromium, and the table has it. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { closeBrowser, inChromium } from './browser.mjs'
import { isOffline, same, serve, shows } from './editor.mjs'
import { until } from '../support/until.mjs'

after(closeBrowser)

test(
  'what two people type while the server is killed and started again is on both pages, and there after a reload',
  inChromium,
  async t => {
    const { demo, open } = await serve(t)
    const [ada, grace] = await Promise.all([open(), open()])
    await Promise.all([ada.type('ada-types-small-letters'), grace.type('GRACE_TYPES_CAPITALS')])
    await same(ada, grace)

    const typing = [ada.type('-and-goes-on-while-it-is-killed'), grace.type('_AND_SO_DOES_SHE')]
    await demo.kill()
    await Promise.all(typing)
    await Promise.all([isOffline(ada), isOffline(grace)])
    await ada.type('-and-offline')
    await demo.start()
    await Promise.all([ada.saved(), grace.saved()])
    const html = await same(ada, grace)
    // The texts of the two can interleave in any way. Each is complete and in order.
    const text = html.replace(/<[^>]*>/g, '')
    assert.equal(
      text.replace(/[A-Z_]/g, ''),
      'ada-types-small-letters-and-goes-on-while-it-is-killed-and-offline'
    )
    assert.equal(text.replace(/[a-z-]/g, ''), 'GRACE_TYPES_CAPITALS_AND_SO_DOES_SHE')

    // The table has it without the two pages.
    await demo.kill()
    await Promise.all([ada.page.close(), grace.page.close()])
    await demo.start()
    const reader = await open()
    assert.equal(await reader.html(), html)
    await reader.reload()
    assert.equal(await reader.html(), html)
  }
)

test(
  'formatting is there after a reload, and undo reverts only what was typed on the same page',
  inChromium,
  async t => {
    const { open } = await serve(t)
    const [ada, grace] = await Promise.all([open(), open()])
    await ada.press('Heading 1')
    await ada.type('A title\n')
    await ada.press('Bold')
    await ada.type('in bold')
    await ada.press('Bold')
    await ada.type('\n- one\ntwo\n\nlast')
    const before = await same(ada, grace)
    assert.equal(
      before,
      '<h1>A title</h1><p><strong>in bold</strong></p><ul><li><p>one</p></li><li><p>two</p></li></ul><p>last</p>'
    )

    await grace.type('\nby Grace')
    await shows(ada, 'by Grace')
    await until('all of it undone', async () => {
      await ada.page.keyboard.press('Control+z')
      return (await ada.page.getByRole('button', { name: 'Undo' }).getAttribute('aria-disabled')) === 'true'
    })
    const undone = await same(ada, grace)
    assert(undone.includes('by Grace'), undone)
    assert(!/title|in bold|one|two|last/.test(undone), undone)
    await until('all of it redone', async () => {
      await ada.page.keyboard.press('Control+Shift+z')
      return (await ada.page.getByRole('button', { name: 'Redo' }).getAttribute('aria-disabled')) === 'true'
    })
    await ada.page.keyboard.press('Control+Shift+z') // nothing is left to redo, so it changes nothing
    const redone = await same(ada, grace)
    assert(redone.startsWith(before), redone)
    assert(redone.includes('by Grace'), redone)

    await Promise.all([ada.saved(), grace.saved()])
    await grace.reload()
    assert.equal(await grace.html(), redone)
  }
)

/** Writes a document with every kind of content, typed as Markdown. */
const writePlan = async person => {
  const { keyboard } = person.page
  await person.type('# Launch plan\nEvery keystroke is an update in a DynamoDB table. Several people can ')
  await keyboard.type('write at once, and nobody overwrites anybody.\n## Before Thursday\n')
  await keyboard.type('[x] Kill the server, start it again, compare\nAsk Grace about the budget\n\n')
  await keyboard.type('## How it is stored\n- An update is durable when `storeUpdate` resolves.\n')
  await keyboard.type('Many small items become one in the background, see ')
  await keyboard.press('Control+k')
  await keyboard.type('example.org/log\n')
  await keyboard.type('.\n\n')
  await keyboard.type("``` const doc = await persistence.getYDoc('launch-plan')\n\n\n")
  await keyboard.type('> Nothing that was acknowledged is ever lost.')
}

const PLAN =
  '<h1>Launch plan</h1>'
  + '<p>Every keystroke is an update in a DynamoDB table. Several people can write at once, and nobody overwrites anybody.</p>'
  + '<h2>Before Thursday</h2><ul data-type="taskList">'
  + '<li data-checked="true"><p>Kill the server, start it again, compare</p></li>'
  + '<li data-checked="false"><p>Ask Grace about the budget</p></li></ul>'
  + '<h2>How it is stored</h2><ul><li><p>An update is durable when <code>storeUpdate</code> resolves.</p></li>'
  + '<li><p>Many small items become one in the background, see '
  + '<a target="_blank" rel="noopener noreferrer nofollow" href="https://example.org/log">example.org/log</a>.</p></li></ul>'
  + "<pre><code>const doc = await persistence.getYDoc('launch-plan')</code></pre>"
  + '<blockquote><p>Nothing that was acknowledged is ever lost.</p></blockquote>'

/** Without the checkboxes, which only the page has. */
const withoutCheckboxes = html => html.replace(/<label.*?<\/label><div>(.*?)<\/div>/g, '$1')

test(
  'headings, lists, tasks, links, code and quotes are on the other page and there after a reload',
  inChromium,
  async t => {
    const { open } = await serve(t)
    const [ada, grace] = await Promise.all([open('/launch-plan'), open('/launch-plan')])
    await Promise.all([ada.rename('Ada'), grace.rename('Grace')])
    await writePlan(ada)
    assert.equal(withoutCheckboxes(await same(ada, grace)), PLAN)

    await grace.page.getByRole('checkbox', { name: 'Done: Ask Grace about the budget' }).click()
    const html = PLAN.replace('data-checked="false"', 'data-checked="true"')
    await until('the task to be done', async () => withoutCheckboxes(await ada.html()) === html)
    await Promise.all([ada.saved(), grace.saved()])
    await grace.reload()
    assert.equal(withoutCheckboxes(await grace.html()), html)

    const { SCREENSHOT } = process.env
    if (!SCREENSHOT) return
    await grace.page.getByRole('checkbox', { name: 'Done: Ask Grace about the budget' }).click()
    await grace.page.getByText('Before Thursday').click()
    await grace.page.keyboard.press('End')
    await grace.page.keyboard.type(' at ten')
    await grace.saved()
    await until('the numbers', async () => /merged/.test(await ada.field('compactions')))
    await grace.page.keyboard.press('Home')
    await grace.page.keyboard.press('End')
    await ada.page.setViewportSize({ width: 1_180, height: 660 })
    await ada.page.locator('.caret.moved').waitFor()
    await ada.page.screenshot({ path: SCREENSHOT })
  }
)

test('in a long document the caret is never under the toolbar', inChromium, async t => {
  const { open } = await serve(t)
  const ada = await open('/page', { viewport: { width: 800, height: 500 } })
  await ada.type('line\n'.repeat(40))
  const isBelowToolbar = () =>
    ada.page.evaluate(() => {
      const { top } = getSelection().getRangeAt(0).startContainer.parentElement.getBoundingClientRect()
      return top >= document.querySelector('#toolbar').getBoundingClientRect().bottom
    })
  assert(await ada.page.evaluate(() => scrollY > 500))
  for (let line = 0; line < 39; line++) {
    await ada.page.keyboard.press('ArrowUp')
    assert(await isBelowToolbar(), `${line + 1} lines up`)
  }
  await ada.page.keyboard.press('Control+End')
  await ada.page.evaluate(() => scrollTo(0, 0))
  await ada.page.keyboard.type('more')
  assert(await isBelowToolbar(), 'after typing')
})

test('the focus is in the text when the page is loaded', inChromium, async t => {
  const { open } = await serve(t)
  const ada = await open()
  await ada.page.keyboard.type('typed at once')
  assert.equal(await ada.html(), '<p>typed at once</p>')
  await ada.saved()
  await ada.reload()
  await ada.page.keyboard.type('again, ')
  assert.equal(await ada.html(), '<p>again, typed at once</p>')
})
