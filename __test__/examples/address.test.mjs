/** Every document name has an address that opens it, and that the server does not take for one of its own paths. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addressOf, docNameIn, newDocName } from '../../examples/demo/editor/address.js'

const ORIGIN = 'http://localhost:1234'
const NAMES = [
  'a',
  'room/a é',
  'a?b#c',
  '%',
  '%41',
  '+',
  'stored',
  'stored/a',
  'assets/a',
  '/a',
  'a/',
  '//',
  '.',
  '..',
  'a/../b',
  '漢'
]

for (const name of NAMES) {
  test(`the address of the document ${JSON.stringify(name)} opens it`, () => {
    const address = new URL(addressOf(name, ORIGIN))
    assert.equal(docNameIn(address), name)
    assert.equal(address.origin, ORIGIN)
    const path = decodeURIComponent(address.pathname.slice(1))
    assert(path !== 'stored' && !path.startsWith('assets/'), `${address} is a path of the server`)
  })
}

test('a name without special characters is the path', () => {
  assert.equal(addressOf('room/a é', ORIGIN), `${ORIGIN}/room/a%20%C3%A9`)
})

test('an address without a name opens the document “welcome”', () => {
  assert.equal(docNameIn(new URL(ORIGIN)), 'welcome')
})

test('new documents have different names', () => {
  const names = Array.from({ length: 100 }, newDocName)
  assert.equal(new Set(names).size, 100)
  for (const name of names) assert.match(name, /^[a-z]+-[a-z]+-\d{6}$/)
})
