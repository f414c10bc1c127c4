/** If the clients of two people choose the same name or colour, one of them gets another. Names stay legible. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { COLOURS, distinct } from '../../examples/demo/editor/identity.js'

const MAX_ROUNDS = 200

/** Pages that start with the same name and colour. In each round all of them decide at once. Resolves when none changes. */
const settle = (count, isChosen) => {
  const pages = Array.from({ length: count }, (_, n) => {
    const own = { name: 'Ada', isChosen, color: COLOURS[0] }
    return { client: n + 1, own, shown: own }
  })
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const users = pages.map(({ client, shown: { name, color } }) => ({ client, name, color }))
    const next = pages.map(({ client, own }) =>
      distinct(
        own,
        client,
        users.filter(user => user.client !== client)
      )
    )
    const hasChanged = next.some(({ name, color }, n) => name !== users[n].name || color !== users[n].color)
    if (!hasChanged) return users
    next.forEach(({ name, color }, n) => {
      const page = pages[n]
      page.shown = { name, color }
      page.own = { ...page.own, color, ...(isChosen ? {} : { name }) }
    })
  }
  throw new Error(`no rest after ${MAX_ROUNDS} rounds`)
}

const countOf = (users, field) => new Set(users.map(user => user[field])).size

for (const isChosen of [true, false]) {
  test(`eight people with the same ${isChosen ? 'chosen' : 'given'} name and colour get different ones`, () => {
    const users = settle(8, isChosen)
    assert.equal(countOf(users, 'name'), 8)
    assert.equal(countOf(users, 'color'), 8)
    assert.equal(users[0].name, 'Ada')
  })

  test(`of forty people with the same ${isChosen ? 'chosen' : 'given'} name none has the name of another one`, () => {
    assert.equal(countOf(settle(40, isChosen), 'name'), 40)
  })
}

test('a chosen name gets the first free number', () => {
  const names = settle(3, true).map(({ name }) => name)
  assert.deepEqual(names, ['Ada', 'Ada 2', 'Ada 3'])
})

test('a page with the smallest client id keeps its name and colour', () => {
  const own = { name: 'Ada', isChosen: true, color: COLOURS[0] }
  assert.deepEqual(distinct(own, 1, [{ client: 2, ...own }]), { name: 'Ada', color: COLOURS[0] })
})

/** The contrast of white text on a colour, by the formula of WCAG 2. */
const contrastWithWhite = colour => {
  const [red, green, blue] = [1, 3, 5]
    .map(at => parseInt(colour.slice(at, at + 2), 16) / 255)
    .map(value => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4))
  return 1.05 / (0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05)
}

test('white text is legible on every colour', () => {
  for (const colour of COLOURS)
    assert(contrastWithWhite(colour) >= 4.5, `${colour}: ${contrastWithWhite(colour)}`)
})
