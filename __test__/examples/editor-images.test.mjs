/** Images in the editor of the demo. */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import { after, test } from 'node:test'
import { TestTable } from '../support/dynamodb.mjs'
import { readSortKey } from '../support/format.mjs'
import { closeBrowser, inChromium } from './browser.mjs'
import { same, serve } from './editor.mjs'
import { until } from '../support/until.mjs'

after(closeBrowser)

const IMAGE_PIXELS = 840 // squared, with three random bytes each: 2.1 MB
const PART_BYTES = 380_000

/** Puts an image of 2 MB into the clipboard of a person. */
const copyImage = person =>
  person.page.evaluate(async pixels => {
    const canvas = new OffscreenCanvas(pixels, pixels)
    const context = canvas.getContext('2d')
    const pixelData = context.createImageData(pixels, pixels)
    for (let i = 0; i < pixelData.data.length; i += 65_536)
      crypto.getRandomValues(pixelData.data.subarray(i, i + 65_536))
    for (let i = 3; i < pixelData.data.length; i += 4) pixelData.data[i] = 255
    context.putImageData(pixelData, 0, 0)
    await navigator.clipboard.write([new ClipboardItem({ 'image/png': await canvas.convertToBlob() })])
  }, IMAGE_PIXELS)

/** Waits for the image, and resolves with the length of its address. */
const imageOf = person =>
  until('the image on the page', () =>
    person.page.evaluate(pixels => {
      const image = document.querySelector('.ProseMirror img')
      return image?.naturalWidth === pixels && image.src.length
    }, IMAGE_PIXELS)
  )

test(
  'a pasted image of 2 MB is stored in parts, and is on the other page and there after a reload',
  inChromium,
  async t => {
    const { demo, open } = await serve(t)
    const [ada, grace] = await Promise.all([open(), open()])
    await ada.type('before')
    await copyImage(ada)
    await ada.page.keyboard.press('Control+v')
    const length = await imageOf(ada)
    assert(length > 2_000_000, `${length} characters`)
    await ada.type('after')
    assert.equal(await imageOf(grace), length)
    await same(ada, grace)
    await ada.saved()

    const table = new TestTable({ endpoint: `file:${demo.file}`, tableName: 'demo' })
    const items = await table.items('page')
    assert(items.filter(({ key }) => readSortKey(key).length === 7).length >= Math.floor(length / PART_BYTES))
    assert(items.some(({ attributes }) => attributes.sealed?.BOOL === true))

    await grace.reload()
    assert.equal(await imageOf(grace), length)
    const html = await grace.html()
    assert(
      html.startsWith('<p>before</p><img') && html.endsWith('<p>after</p>'),
      html.replace(/base64,[^"]*/, '')
    )
  }
)

test(
  'a file that is not an image or is too large is refused with the reason, and the text stays',
  inChromium,
  async t => {
    const { demo, open } = await serve(t)
    const ada = await open()
    await ada.type('text')
    await ada.saved()
    const { bytes } = (await demo.stored('page')).stored
    const large = `${demo.file}.png`
    fs.writeFileSync(large, '')
    fs.truncateSync(large, 10_000_001)
    const choose = async file => {
      const choice = ada.page.waitForEvent('filechooser')
      await ada.press('Image')
      await (await choice).setFiles(file)
      return until('the reason', () => ada.page.getByRole('alert').textContent())
    }
    const first = await choose({ name: 'notes.txt', mimeType: 'text/plain', buffer: Buffer.from('text') })
    await ada.page.getByRole('alert').evaluate(notice => {
      notice.textContent = ''
    })
    assert.notEqual(await choose(large), first)
    assert.equal(await ada.html(), '<p>text</p>')
    assert.equal((await demo.stored('page')).stored.bytes, bytes)
  }
)
