/** People who use the editor. Each has a browser context of their own in a headless Chromium, driven by playwright-core. */
import assert from 'node:assert/strict'
import { chromium } from 'playwright-core'
import { findChromium } from '../../scripts/chromium.mjs'
import { until } from '../support/until.mjs'

const { program, missing } = findChromium()
const VIEWPORT = { width: 1_180, height: 760 }
const SWITCHES = [
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync'
]
// Chromium logs every request that gets no answer. These tests stop the server and the network.
const OF_THE_NETWORK =
  /ERR_INTERNET_DISCONNECTED|ERR_CONNECTION_REFUSED|ERR_EMPTY_RESPONSE|ERR_CONNECTION_RESET/

/** Options of every test. Without Chromium it is skipped, or fails if REQUIRE_CHROMIUM is set. */
export const inChromium = program || process.env.REQUIRE_CHROMIUM ? {} : { skip: missing }

let browser
const launched = () => {
  assert(program, missing)
  browser ??= chromium.launch({ executablePath: program, args: SWITCHES })
  return browser
}

export const closeBrowser = async () => (await browser)?.close()

export class Person {
  #errors = []
  /** Errors of the page that do not fail the test. */
  tolerated = OF_THE_NETWORK

  constructor(page) {
    this.page = page
    page.on('pageerror', error => this.#errors.push(error.stack))
    page.on('console', message => {
      if (message.type() === 'error' && !this.tolerated.test(message.text()))
        this.#errors.push(message.text())
    })
  }

  /** Opens the page and waits until it is editable. An error in the page fails the test. */
  static async open(t, url, options = {}) {
    const context = await (
      await launched()
    ).newContext({ viewport: VIEWPORT, permissions: ['clipboard-read', 'clipboard-write'], ...options })
    const person = new Person(await context.newPage())
    t.after(async () => {
      await context.close()
      assert.deepEqual(person.#errors, [])
    })
    await person.page.goto(url)
    await person.#ready()
    return person
  }

  async reload() {
    await this.page.reload()
    await this.#ready()
  }

  #ready() {
    return this.page.locator('.ProseMirror[contenteditable=true]').waitFor()
  }

  /** Types at the end of the document. The editor can still move the caret just after it got the focus, hence the loop. */
  async type(text) {
    await this.page.locator('.ProseMirror').focus()
    await until('the caret at the end', async () => {
      await this.page.keyboard.press('Control+End')
      return this.page.evaluate(() => {
        const { selection, doc } = document.querySelector('.ProseMirror').editor.state
        return selection.eq(selection.constructor.atEnd(doc))
      })
    })
    await this.page.keyboard.type(text)
  }

  press(label) {
    return this.page.getByRole('button', { name: label, exact: true }).click()
  }

  /** The document as the page shows it, without carets and placeholders. */
  html() {
    return this.page.evaluate(() => {
      const shown = document.querySelector('.ProseMirror').cloneNode(true)
      for (const added of shown.querySelectorAll(
        '.caret, .ProseMirror-trailingBreak, .ProseMirror-separator'
      ))
        added.remove()
      for (const element of shown.querySelectorAll('[class], [data-placeholder]')) {
        element.removeAttribute('class')
        element.removeAttribute('data-placeholder')
      }
      return shown.innerHTML
    })
  }

  /** Chooses a name. */
  async rename(name) {
    const field = this.page.getByLabel('Your name')
    await field.fill(name)
    await field.press('Enter')
  }

  /** `connecting`, `saving`, `saved` or `offline`. */
  state() {
    return this.page.locator('#state').getAttribute('data-state')
  }

  /** Waits until the table contains everything that was typed on this page. */
  saved() {
    return until('saving', async () => (await this.state()) === 'saved')
  }

  /** A number or text of the panel. */
  field(name) {
    return this.page.locator(`[data-field=${name}]`).textContent()
  }
}
