/** The page of the demo for everybody: axe finds nothing in it, and a phone can use it. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import axe from 'axe-core'
import { closeBrowser, inChromium } from './browser.mjs'
import { isOffline, serve, shows } from './editor.mjs'
import { until } from '../support/until.mjs'

after(closeBrowser)

const MIN_TARGET_PX = 44
const PHONE = { viewport: { width: 390, height: 780 }, hasTouch: true, isMobile: true }
const KINDS = [
  ['light', { colorScheme: 'light' }],
  ['dark', { colorScheme: 'dark' }],
  ['narrow', PHONE],
  ['narrow and dark', { ...PHONE, colorScheme: 'dark' }]
]

/** The rules that the page breaks now, with the elements. */
const violationsOn = async ({ page }) => {
  await page.evaluate(axe.source)
  const { violations } = await page.evaluate(() => globalThis.axe.run())
  return violations.map(({ id, nodes }) => [
    id,
    nodes.map(({ html, failureSummary }) => [html, failureSummary])
  ])
}

const CONTENT =
  '# Title\nText with `code` and https://example.org in it.\n## Tasks\n[x] one\ntwo\n\n- item\n\n> quote\n\n``` block'

/** Waits until `person` sees the caret of `other` with its label. */
const seesCaret = (person, other) =>
  until('the caret with its label', async () => {
    for (const key of ['Home', 'End']) await other.page.keyboard.press(key)
    return (await person.page.locator('.caret.moved').count()) === 1
  })

for (const [name, options] of KINDS) {
  test(`axe finds nothing in the ${name} page`, inChromium, async t => {
    const { demo, open } = await serve(t)
    const [ada, grace] = await Promise.all([open('/page', { ...options, reducedMotion: 'reduce' }), open()])
    assert.deepEqual(await violationsOn(ada), [])
    await ada.type(CONTENT)
    await shows(grace, 'block')
    await seesCaret(ada, grace)
    await ada.saved()
    await ada.page.locator('summary').click()
    assert.deepEqual(await violationsOn(ada), [])

    await ada.page.locator('.ProseMirror a').click()
    await ada.page.getByLabel('Address of the link').waitFor()
    assert.deepEqual(await violationsOn(ada), [])

    await ada.type('\n\n\n/')
    await ada.page.getByRole('option', { name: 'Quote' }).waitFor()
    assert.deepEqual(await violationsOn(ada), [])

    await demo.kill()
    await isOffline(ada)
    assert.deepEqual(await violationsOn(ada), [])
  })
}

/** What can be touched: `[label, width, height]`. A checkbox is touched through its label. */
const targetsOn = ({ page }) =>
  page.evaluate(() =>
    [...document.querySelectorAll('button, .button, summary, label, input:not([type=checkbox])')]
      .filter(element => element.checkVisibility())
      .map(element => {
        const { width, height } = element.getBoundingClientRect()
        return [element.getAttribute('aria-label') ?? element.textContent, width, height]
      })
  )

test('on a phone the targets are large and the page does not scroll sideways', inChromium, async t => {
  const { open } = await serve(t)
  const ada = await open('/page', PHONE)
  await ada.type('[ ] a task with an address: https://example.org \n')
  await ada.page.locator('.ProseMirror a').click()
  await ada.page.getByLabel('Address of the link').waitFor()
  const targets = await targetsOn(ada)
  for (const label of [
    'Copy link',
    'Bold',
    'Your name',
    'About these numbers',
    'Address of the link',
    'Remove'
  ])
    assert(
      targets.some(([name]) => name.includes(label)),
      `${label} is not visible`
    )
  assert.deepEqual(
    targets.filter(([, width, height]) => width < MIN_TARGET_PX || height < MIN_TARGET_PX),
    []
  )
  assert(await ada.page.evaluate(() => document.documentElement.scrollWidth <= innerWidth))
})

test('on a phone the toolbar is one row, which scrolls to its last button', inChromium, async t => {
  const { open } = await serve(t)
  const ada = await open('/page', PHONE)
  const toolbar = ada.page.getByRole('toolbar')
  const tops = await toolbar
    .getByRole('button')
    .evaluateAll(buttons => buttons.map(button => button.getBoundingClientRect().top))
  assert(tops.length > 10)
  assert.equal(new Set(tops).size, 1)
  assert(await toolbar.evaluate(({ scrollWidth, clientWidth }) => scrollWidth > clientWidth))
  await ada.type('text')
  await ada.page.getByRole('button', { name: 'Undo' }).tap()
  await until('the text undone', async () => (await ada.html()) === '<p></p>')
  assert(await toolbar.evaluate(({ scrollLeft }) => scrollLeft > 0))
})
