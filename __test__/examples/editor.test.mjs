/** The editor of examples/editor on the demo's server, end to end: people type in Chromium, the table has it. */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import { after, test } from 'node:test'
import { isDeepStrictEqual } from 'node:util'
import { TestTable } from '../support/engine.mjs'
import { readSortKey, sortKey } from '../support/format.mjs'
import { Person, closeBrowser, inChromium } from './browser.mjs'
import { Demo } from './demo.mjs'
import { until } from '../support/until.mjs'

after(closeBrowser)

const IMAGE_PIXELS = 840 // squared, with three random bytes each: 2.1 MB
const PART_BYTES = 380_000

/** A server, and a function that lets a person open a page of it. */
const serve = async t => {
  const demo = await new Demo(t).start()
  return { demo, open: (path = '/page') => Person.open(t, `http://127.0.0.1:${demo.port}${path}`) }
}

const same = (a, b) =>
  until('the same document at both', async () => (await a.html()) === (await b.html()) && a.html())

const shows = (person, text) =>
  until(`“${text}” on the page`, async () => (await person.html()).includes(text))

test(
  'what two people type at once, while the server is killed and started again, comes to both and is there after a reload',
  inChromium,
  async t => {
    const { demo, open } = await serve(t)
    const [ada, grace] = await Promise.all([open(), open()])
    await Promise.all([ada.type('ada-types-small-letters'), grace.type('GRACE_TYPES_CAPITALS')])
    await same(ada, grace)

    const typing = [ada.type('-and-goes-on-while-it-is-killed'), grace.type('_AND_SO_DOES_SHE')]
    await demo.kill()
    await Promise.all(typing)
    await until(
      'the page to notice',
      async () => (await ada.state()) === 'offline' && (await grace.state()) === 'offline'
    )
    await ada.type('-and-offline')
    await demo.start()
    await Promise.all([ada.saved(), grace.saved()])
    const html = await same(ada, grace)
    // In which order their letters come to stand is nobody's business; none is missing, and each one's own are in order.
    const text = html.replace(/<[^>]*>/g, '')
    assert.equal(
      text.replace(/[A-Z_]/g, ''),
      'ada-types-small-letters-and-goes-on-while-it-is-killed-and-offline'
    )
    assert.equal(text.replace(/[a-z-]/g, ''), 'GRACE_TYPES_CAPITALS_AND_SO_DOES_SHE')

    // What was saved needs neither of the two pages.
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
  'formatting is there after a reload, and undo takes back only what was typed on the same page',
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
    await ada.page.keyboard.press('Control+Shift+z') // nothing is left to redo, and so nothing happens
    const redone = await same(ada, grace)
    assert(redone.startsWith(before), redone)
    assert(redone.includes('by Grace'), redone)

    await Promise.all([ada.saved(), grace.saved()])
    await grace.reload()
    assert.equal(await grace.html(), redone)
  }
)

/** Puts a picture of 2 MB into the person's clipboard. */
const copyImage = person =>
  person.page.evaluate(async pixels => {
    const canvas = new OffscreenCanvas(pixels, pixels)
    const context = canvas.getContext('2d')
    const picture = context.createImageData(pixels, pixels)
    for (let i = 0; i < picture.data.length; i += 65_536)
      crypto.getRandomValues(picture.data.subarray(i, i + 65_536))
    for (let i = 3; i < picture.data.length; i += 4) picture.data[i] = 255
    context.putImageData(picture, 0, 0)
    await navigator.clipboard.write([new ClipboardItem({ 'image/png': await canvas.convertToBlob() })])
  }, IMAGE_PIXELS)

/** Waits for the picture and gives the characters of its address. */
const imageOf = person =>
  until('the picture on the page', () =>
    person.page.evaluate(pixels => {
      const image = document.querySelector('.ProseMirror img')
      return image?.naturalWidth === pixels && image.src.length
    }, IMAGE_PIXELS)
  )

test(
  'a pasted image of 2 MB is stored in parts, and the other page and a reload show it beside the text',
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
  'what is no image, or too large a one, is refused with the reason, and the text stays',
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
      await ada.press('Insert image')
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

test('what was typed offline comes to the other page when the network is back', inChromium, async t => {
  const { open } = await serve(t)
  const [ada, grace] = await Promise.all([open(), open()])
  await ada.type('online')
  await shows(grace, 'online')
  await ada.page.context().setOffline(true)
  await ada.type(', then offline')
  await until('the page to notice', async () => (await ada.state()) === 'offline')
  assert.equal(await grace.html(), '<p>online</p>')
  await grace.type('GRACE')
  await ada.page.context().setOffline(false)
  await shows(grace, ', then offline')
  await shows(ada, 'GRACE')
  await same(ada, grace)
  await ada.saved()
})

test('a page says that it is saved only when the table has it', inChromium, async t => {
  const { demo, open } = await serve(t)
  const ada = await open()
  await ada.type('all of this')
  await ada.saved()
  demo.freeze()
  await ada.type(' and that')
  assert.equal(await ada.state(), 'saving')
  await demo.kill() // it has never seen it
  await until('the page to notice', async () => (await ada.state()) === 'offline')
  await demo.start()
  await ada.saved()
  await ada.page.close()
  await demo.kill()
  await demo.start()
  assert.equal(await (await open()).html(), '<p>all of this and that</p>')
})

test('a page that is only looked at stores nothing', inChromium, async t => {
  const { demo, open } = await serve(t)
  const ada = await open('/nothing')
  await until('the panel', async () => (await ada.field('items')) === '0')
  await ada.reload()
  await until('the panel', async () => (await ada.field('items')) === '0')
  assert.deepEqual((await demo.stored()).documents, [])
})

test(
  'the address names the document, and a name that is edited is seen by the others',
  inChromium,
  async t => {
    const { open } = await serve(t)
    const [ada, grace, other] = await Promise.all([
      open('/room/a%20%C3%A9'),
      open('/?doc=room/a%20%C3%A9'),
      open('/')
    ])
    assert.equal(await ada.page.getByRole('heading', { level: 1 }).first().textContent(), 'room/a é')
    assert.equal(await other.page.getByRole('heading', { level: 1 }).first().textContent(), 'welcome')
    await ada.type('here')
    await shows(grace, 'here')
    const name = ada.page.getByLabel('Your name')
    await name.fill('Ada <b>L.</b>')
    await name.press('Enter')
    await until(
      'the name',
      async () => (await grace.page.locator('#people').textContent()) === 'Ada <b>L.</b>'
    )
    const colours = await ada.page
      .locator('.dot')
      .evaluateAll(dots => dots.map(dot => dot.style.backgroundColor))
    assert.equal(new Set(colours).size, 2, colours.join())
    assert.equal(await other.page.locator('#people').textContent(), '')
    assert.equal(await other.html(), '<p></p>')
  }
)

/** A few paragraphs, typed as markdown; long enough to be compacted. */
const LETTER = [
  '# Minutes, Tuesday',
  'Every keystroke on this page is an update in a DynamoDB table. Several people can write at once, on several servers, and '
    + 'nobody overwrites anybody.',
  '## What happens to a keystroke',
  '- It is stored before it counts as saved.',
  'When enough of them have gathered they are merged: one item takes the place of many.',
  'Pull the plug of the server and start it again: it is all here.',
  '',
  '> Nothing that was acknowledged is ever lost.',
  '',
  ''
].join('\n')

const parse = text => Number(text.replaceAll(',', ''))

const countsOf = async (person, names) =>
  Object.fromEntries(await Promise.all(names.map(async name => [name, parse(await person.field(name))])))

/** Waits until nothing changes any more, and nothing is read though the pages go on asking; gives the report. */
const rest = (demo, docName) =>
  until('rest', async () => {
    const before = await demo.stored(docName)
    await new Promise(resolve => setTimeout(resolve, 3_000))
    const report = await demo.stored(docName)
    return isDeepStrictEqual(before, report) && report
  })

test(
  'the panel shows what the table holds, the last compaction and the cost, and reads nothing while nothing changes',
  inChromium,
  async t => {
    const { demo, open } = await serve(t)
    const [ada, grace] = await Promise.all([open('/minutes'), open('/minutes')])
    for (const [person, name] of [
      [ada, 'Ada'],
      [grace, 'Grace']
    ]) {
      await person.page.getByLabel('Your name').fill(name)
      await person.page.getByLabel('Your name').press('Enter')
    }
    await ada.type(LETTER)
    await shows(grace, 'ever lost')
    await grace.type('Next time: Thursday at ten')
    await Promise.all([ada.saved(), grace.saved()])
    await until('a compaction', async () => / items, .* B/.test(await ada.field('before')))
    const { stored, waiting, compaction, cost, prices } = await rest(demo, 'minutes')

    // The panel, what the server says of all documents, and the items in the table agree.
    const { requests, writeUnits, readUnits } = cost
    const told = { items: stored.items, bytes: stored.bytes, waiting, requests, writeUnits, readUnits }
    await until(`the panel with ${JSON.stringify(told)}`, async () =>
      isDeepStrictEqual(await countsOf(ada, Object.keys(told)), told)
    )
    assert.equal(waiting, 0)
    const [{ items, bytes }] = (await demo.stored()).documents
    assert.deepEqual({ items, bytes }, { items: stored.items, bytes: stored.bytes })
    const table = new TestTable({ endpoint: `file:${demo.file}`, tableName: 'demo' })
    const values = (await table.items('minutes')).filter(({ value }) => value.length > 2) // all but heads
    assert.equal(items, values.length)
    assert.equal(
      bytes,
      values.reduce((sum, { value }) => sum + value.length, 0)
    )

    assert(
      compaction.entries >= 100 && compaction.bytesAfter < compaction.bytesBefore,
      JSON.stringify(compaction)
    )
    assert.equal(parse((await ada.field('before')).split(' ')[0]), compaction.entries)
    assert(writeUnits > LETTER.length / 10, JSON.stringify(cost))
    assert.deepEqual(prices, { write: 0.625, read: 0.125 })
    const money = (writeUnits * 0.625 + readUnits * 0.125) / 1_000_000
    assert(
      Math.abs(Number((await ada.field('money')).slice(1)) - money) < 0.000_001,
      await ada.field('money')
    )

    if (process.env.SCREENSHOT) await ada.page.screenshot({ path: process.env.SCREENSHOT })
  }
)

test(
  'what cannot be read is said with its code, the last numbers stay, and nothing counts as saved',
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

test('the toolbar is one stop of the tab key, and its arrow keys go on from there', inChromium, async t => {
  const { open } = await serve(t)
  const ada = await open()
  const focused = () => ada.page.evaluate(() => document.activeElement.getAttribute('aria-label'))
  await ada.page.keyboard.press('Tab')
  assert.equal(await focused(), 'Bold')
  await ada.page.keyboard.press('ArrowRight')
  assert.equal(await focused(), 'Italic')
  await ada.page.keyboard.press('Enter')
  await until('the focus', async () => (await focused()) === 'Text of the document')
  await ada.page.keyboard.type('slanted')
  assert.equal(await ada.html(), '<p><em>slanted</em></p>')
  assert.equal(await ada.page.getByRole('button', { name: 'Italic' }).getAttribute('aria-pressed'), 'true')
})
