/** The toolbar, the slash menu and the form for links. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { closeBrowser, inChromium } from './browser.mjs'
import { same, serve } from './editor.mjs'
import { until } from '../support/until.mjs'

after(closeBrowser)

const TEXT = 'Text of the document'

const focused = person => person.page.evaluate(() => document.activeElement.getAttribute('aria-label'))

test('the toolbar is one tab stop, and the arrow keys move from button to button', inChromium, async t => {
  const { open } = await serve(t)
  const ada = await open()
  const { keyboard } = ada.page
  assert.equal(await focused(ada), TEXT)
  await keyboard.press('Shift+Tab')
  assert.equal(await focused(ada), 'Heading 1')
  for (const label of ['Heading 2', 'Bold', 'Italic']) {
    await keyboard.press('ArrowRight')
    assert.equal(await focused(ada), label)
  }
  await keyboard.press('Enter')
  await until('the focus', async () => (await focused(ada)) === TEXT)
  await keyboard.type('slanted')
  assert.equal(await ada.html(), '<p><em>slanted</em></p>')
  const italic = ada.page.getByRole('button', { name: 'Italic' })
  assert.equal(await italic.getAttribute('aria-pressed'), 'true')
})

const menuOf = person => person.page.getByRole('listbox', { name: 'Blocks' })
const chosenIn = person => menuOf(person).getByRole('option', { selected: true }).textContent()

test('a slash opens a menu of blocks, which the keyboard filters and chooses from', inChromium, async t => {
  const { open } = await serve(t)
  const [ada, grace] = await Promise.all([open(), open()])
  const { keyboard } = ada.page
  await ada.type('/')
  await menuOf(ada).waitFor()
  await until('the first block', async () => /^Text/.test(await chosenIn(ada)))
  await keyboard.press('ArrowUp')
  assert.match(await chosenIn(ada), /^Image/)
  await keyboard.press('ArrowDown')
  await keyboard.press('ArrowDown')
  assert.match(await chosenIn(ada), /^Heading 1/)
  assert.equal(await focused(ada), TEXT)
  await keyboard.type('todo')
  await until('the task list', async () => (await menuOf(ada).getByRole('option').count()) === 1)
  assert.match(await chosenIn(ada), /^Task list/)
  const active = await ada.page.locator('.ProseMirror').getAttribute('aria-activedescendant')
  assert.match(await ada.page.locator(`#${active}`).textContent(), /^Task list/)
  await keyboard.press('Enter')
  await menuOf(ada).waitFor({ state: 'detached' })
  await keyboard.type('Write to Ada')
  assert.match(await same(ada, grace), /^<ul data-type="taskList"><li data-checked="false".*Write to Ada/)

  await keyboard.type('\n\n/co')
  await menuOf(ada).getByRole('option', { name: 'Code block' }).click()
  await keyboard.type('/text\nmore')
  assert.match(await same(ada, grace), /<pre><code>\/text\nmore<\/code><\/pre>$/)
})

test('the slash menu closes with Escape, and the text stays', inChromium, async t => {
  const { open } = await serve(t)
  const ada = await open()
  await ada.type('/')
  await menuOf(ada).waitFor()
  await ada.page.keyboard.press('Escape')
  await menuOf(ada).waitFor({ state: 'detached' })
  await ada.page.keyboard.type('h1 and 1/2\n')
  assert.equal(await ada.html(), '<p>/h1 and 1/2</p><p></p>')
})

const fieldOf = person => person.page.getByLabel('Address of the link')
const linksOf = person =>
  person.page
    .locator('.ProseMirror a')
    .evaluateAll(links => links.map(link => [link.textContent, link.getAttribute('href')]))

test('a link is made from selected text, changed and removed', inChromium, async t => {
  const { open } = await serve(t)
  const ada = await open()
  const { keyboard } = ada.page
  // Just after the editor got the focus it can still undo a movement of the caret, hence the loops.
  const move = (key, isInLink) =>
    until(`${key} to move the caret`, async () => {
      await keyboard.press(key)
      const button = ada.page.getByRole('button', { name: 'Link', exact: true })
      return (await button.getAttribute('aria-pressed')) === String(isInLink)
    })
  const leaveAndEnter = async () => {
    await move('Home', false)
    await move('End', true)
  }
  await ada.type('see the manual')
  await keyboard.press('Control+Shift+ArrowLeft')
  await ada.press('Link')
  await until('the focus', async () => (await focused(ada)) === 'Address of the link')
  await keyboard.type('example.org\n')
  assert.deepEqual(await linksOf(ada), [['manual', 'https://example.org']])
  await fieldOf(ada).waitFor({ state: 'hidden' })

  await leaveAndEnter()
  await fieldOf(ada).waitFor()
  assert.equal(await focused(ada), TEXT)
  assert.equal(await fieldOf(ada).inputValue(), 'https://example.org')
  assert.equal(await ada.page.getByRole('link', { name: 'Open' }).getAttribute('href'), 'https://example.org')
  await fieldOf(ada).fill('ada@example.org')
  await ada.press('Apply')
  assert.deepEqual(await linksOf(ada), [['manual', 'mailto:ada@example.org']])

  await leaveAndEnter()
  await ada.press('Remove')
  assert.equal(await ada.html(), '<p>see the manual</p>')
  await fieldOf(ada).waitFor({ state: 'hidden' })
})

test('the form for a link closes with Escape, and refuses a script', inChromium, async t => {
  const { open } = await serve(t)
  const ada = await open()
  await ada.type('text')
  await ada.page.keyboard.press('Control+k')
  await fieldOf(ada).fill('javascript:alert(1)')
  await fieldOf(ada).press('Enter')
  assert.equal(await fieldOf(ada).evaluate(({ validity }) => validity.customError), true)
  await fieldOf(ada).press('Escape')
  await fieldOf(ada).waitFor({ state: 'hidden' })
  await until('the focus', async () => (await focused(ada)) === TEXT)
  assert.equal(await ada.html(), '<p>text</p>')
})
