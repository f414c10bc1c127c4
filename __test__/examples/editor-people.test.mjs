/** The people in a document of the demo: names, colours and carets. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { closeBrowser, inChromium } from './browser.mjs'
import { serve, shows } from './editor.mjs'
import { until } from '../support/until.mjs'

after(closeBrowser)

/** The names and colours of all people, as one page shows them. */
const peopleOn = person =>
  person.page.evaluate(() => ({
    names: [
      document.querySelector('#own-name').value,
      ...[...document.querySelectorAll('#people li')].map(item => item.textContent)
    ],
    colours: [...document.querySelectorAll('.dot')].map(dot => dot.style.getPropertyValue('--person'))
  }))

const isDistinct = list => new Set(list).size === list.length

test('a name that is changed is on the other page', inChromium, async t => {
  const { open } = await serve(t)
  const [ada, grace] = await Promise.all([open(), open()])
  await ada.rename('Ada <b>L.</b>')
  await until('the name', async () => (await grace.page.locator('#people').textContent()) === 'Ada <b>L.</b>')
  await ada.type('here')
  assert.equal(await grace.page.locator('.caret-label').textContent(), 'Ada <b>L.</b>')
})

test('people with the same name get numbers and different colours', inChromium, async t => {
  const { open } = await serve(t)
  const people = await Promise.all([open(), open(), open()])
  const same = JSON.stringify({ name: 'Ada', isChosen: true, color: '#1d4ed8' })
  for (const { page } of people)
    await page.evaluate(user => sessionStorage.setItem('y-dynamodb-user', user), same)
  await Promise.all(people.map(person => person.reload()))
  for (const person of people) {
    await until('three names and colours', async () => {
      const { names, colours } = await peopleOn(person)
      return names.toSorted().join() === 'Ada,Ada 2,Ada 3' && colours.length === 3 && isDistinct(colours)
    })
  }
})

test('people who have not chosen a name get different ones', inChromium, async t => {
  const { open } = await serve(t)
  const people = await Promise.all([open(), open()])
  const same = JSON.stringify({ name: 'Ada', isChosen: false, color: '#1d4ed8' })
  for (const { page } of people)
    await page.evaluate(user => sessionStorage.setItem('y-dynamodb-user', user), same)
  await Promise.all(people.map(person => person.reload()))
  for (const person of people) {
    await until('two names', async () => {
      const { names } = await peopleOn(person)
      return names.length === 2 && names.includes('Ada') && isDistinct(names)
    })
  }
  assert(!(await peopleOn(people[0])).names.includes('Ada 2'))
})

const labelOf = person => person.page.locator('.caret-label')

const labelIs = (person, opacity) =>
  until(`a label with the opacity ${opacity}`, async () => {
    const label = labelOf(person)
    return (
      (await label.count()) === 1
      && (await label.evaluate(shown => getComputedStyle(shown).opacity)) === opacity
    )
  })

test(
  'the label of a caret fades, and is visible again when the caret moves or is under the mouse',
  inChromium,
  async t => {
    const { open } = await serve(t)
    const [ada, grace] = await Promise.all([open(), open()])
    await grace.rename('Grace')
    await grace.type('The end of a paragraph')
    await shows(ada, 'The end of a paragraph')
    await labelIs(ada, '1')
    assert.equal(await labelOf(ada).textContent(), 'Grace')
    await labelIs(ada, '0')

    await grace.page.keyboard.type('.')
    await labelIs(ada, '1')
    await labelIs(ada, '0')
    await grace.page.keyboard.press('Home')
    await labelIs(ada, '1')
    await labelIs(ada, '0')

    const { x, y, height } = await ada.page
      .locator('.caret')
      .evaluate(caret => caret.getBoundingClientRect().toJSON())
    await ada.page.mouse.move(x + 1, y + height / 2)
    await labelIs(ada, '1')
    await ada.page.mouse.move(0, 0)
    await labelIs(ada, '0')

    // The own typing moves the carets of others, and does not show their labels.
    const wasShown = ada.page.evaluate(
      () =>
        new Promise(resolve => {
          const observer = new MutationObserver(() => {
            if (document.querySelector('.caret.moved')) resolve(true)
          })
          observer.observe(document.body, { attributes: true, childList: true, subtree: true })
          document.addEventListener('keyup', ({ key }) => key === 'z' && resolve(false))
        })
    )
    await ada.page.keyboard.press('Control+Home')
    await ada.page.keyboard.type('My own text.\nz')
    assert.equal(await wasShown, false)
  }
)
