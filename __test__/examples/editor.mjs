/** What the tests of the editor share: a demo server with its pages, and what two people wait for. */
import { Person } from './browser.mjs'
import { Demo } from './demo.mjs'
import { until } from '../support/until.mjs'

/** A server, and a function that opens a page of it for a person. */
export const serve = async t => {
  const demo = await new Demo(t).start()
  return {
    demo,
    open: (path = '/page', options = {}) => Person.open(t, `http://127.0.0.1:${demo.port}${path}`, options)
  }
}

/** Waits until both pages show the same document, and resolves with it. */
export const same = (a, b) =>
  until('the same document on both pages', async () => (await a.html()) === (await b.html()) && a.html())

export const shows = (person, text) =>
  until(`“${text}” on the page`, async () => (await person.html()).includes(text))

export const isOffline = person =>
  until('the page to be offline', async () => (await person.state()) === 'offline')
