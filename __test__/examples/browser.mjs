/** People in front of the editor: each a window of headless Chromium of their own, driven by playwright-core. */
import assert from 'node:assert/strict'
import { chromium } from 'playwright-core'
import { findChromium } from '../../scripts/chromium.mjs'
import { until } from '../support/until.mjs'

const { program, missing } = findChromium()
const VIEWPORT = { width: 1_180, height: 700 }
const SWITCHES = [
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync'
]
// Chromium tells of every request that finds no server: that is what these tests do to it.
const OF_THE_NETWORK =
  /ERR_INTERNET_DISCONNECTED|ERR_CONNECTION_REFUSED|ERR_EMPTY_RESPONSE|ERR_CONNECTION_RESET/

/** Options of every test: without Chromium it is skipped and says so, unless REQUIRE_CHROMIUM makes that a failure. */
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
  /** What its page may say as an error. */
  tolerated = OF_THE_NETWORK

  constructor(page) {
    this.page = page
    page.on('pageerror', error => this.#errors.push(error.stack))
    page.on('console', message => {
      if (message.type() === 'error' && !this.tolerated.test(message.text()))
        this.#errors.push(message.text())
    })
  }

  /** Opens the page and waits until it can be written in. An error in the page fails the test. */
  static async open(t, url) {
    const context = await (
      await launched()
    ).newContext({ viewport: VIEWPORT, permissions: ['clipboard-read', 'clipboard-write'] })
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

  /** Types at the end of the document. Just after it got the focus the editor puts the caret back where it was: we look. */
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

  /** The document as it is shown, without the others' carets. */
  html() {
    return this.page.evaluate(() => {
      const shown = document.querySelector('.ProseMirror').cloneNode(true)
      for (const added of shown.querySelectorAll(
        '.collaboration-carets__caret, .ProseMirror-trailingBreak, .ProseMirror-separator'
      ))
        added.remove()
      for (const element of shown.querySelectorAll('[class]')) element.removeAttribute('class')
      return shown.innerHTML
    })
  }

  /** `connecting`, `saving`, `saved` or `offline`. */
  state() {
    return this.page.locator('#state').getAttribute('data-state')
  }

  /** Waits until all that was typed here was read from the table. */
  saved() {
    return until('saving', async () => (await this.state()) === 'saved')
  }

  /** A number or text of the panel. */
  field(name) {
    return this.page.locator(`[data-field=${name}]`).textContent()
  }
}
