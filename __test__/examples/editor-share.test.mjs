/** The address of a document of the demo, and the buttons that copy it and make a new document. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { Person, closeBrowser, inChromium } from './browser.mjs'
import { serve, shows } from './editor.mjs'
import { until } from '../support/until.mjs'

after(closeBrowser)

const nameOn = person => person.page.locator('header h1').textContent()

test('a copied link opens the same document in another browser', inChromium, async t => {
  const { open } = await serve(t)
  const ada = await open('/')
  assert.equal(await nameOn(ada), 'welcome')
  await ada.press('Copy link')
  await ada.page.getByRole('button', { name: 'Copied' }).waitFor()
  const address = await ada.page.evaluate(() => navigator.clipboard.readText())
  assert.equal(address, ada.page.url())
  assert.equal(new URL(address).pathname, '/welcome')
  const grace = await Person.open(t, address)
  await ada.type('from Ada')
  await shows(grace, 'from Ada')
  await ada.page.getByRole('button', { name: 'Copy link' }).waitFor()
})

test('without a clipboard the address is shown and selected', inChromium, async t => {
  const { open } = await serve(t)
  const ada = await open()
  await ada.page.evaluate(() => {
    navigator.clipboard.writeText = () => Promise.reject(new Error('no clipboard'))
  })
  await ada.press('Copy link')
  const field = ada.page.getByLabel('Address of this document')
  await field.waitFor()
  assert.equal(await field.inputValue(), ada.page.url())
  assert.equal(await ada.page.evaluate(() => getSelection().toString()), ada.page.url())
  await ada.page.locator('.ProseMirror').focus()
  await field.waitFor({ state: 'hidden' })
})

test('“New document” opens an empty document with a new name', inChromium, async t => {
  const { open } = await serve(t)
  const ada = await open()
  await ada.type('in the old document')
  await ada.saved()
  await ada.page.getByRole('link', { name: 'New document' }).click()
  await until('the new document', async () => (await nameOn(ada)) !== 'page')
  await ada.page.locator('.ProseMirror[contenteditable=true]').waitFor()
  assert.equal(await ada.html(), '<p></p>')
  assert.equal(new URL(ada.page.url()).pathname, `/${await nameOn(ada)}`)
})

test('the address names the document', inChromium, async t => {
  const { open } = await serve(t)
  const [ada, grace, other] = await Promise.all([
    open('/room/a%20%C3%A9'),
    open('/?doc=room/a%20%C3%A9'),
    open('/room/b')
  ])
  for (const person of [ada, grace]) {
    assert.equal(await nameOn(person), 'room/a é')
    assert.equal(new URL(person.page.url()).pathname, '/room/a%20%C3%A9')
  }
  await ada.type('here')
  await shows(grace, 'here')
  assert.equal(await other.html(), '<p></p>')
  assert.equal(await other.page.locator('#people').textContent(), '')
})
