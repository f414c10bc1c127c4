/** Causes every failure that docs/ERRORS.md shows (docs/provoked.mjs), and compares the messages word for word. */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import { describe, test } from 'node:test'
import { readPage } from '../../scripts/markdown.mjs'
import { PROVOKED } from './provoked.mjs'
import { matches } from './shown.mjs'

const { blocks, text } = readPage('docs/ERRORS.md')
const shown = blocks.filter(({ mark }) => mark?.kind === 'provoked')

/** An error as the page shows it. */
const lookOf = ({ name, code, message, cause }) => ({
  said: `${code ?? name}: ${message}`,
  cause: cause?.message ?? ''
})

test('the page shows each failure of provoked.mjs once, and no other', () => {
  assert.deepEqual(shown.map(({ mark }) => mark.subject).sort(), Object.keys(PROVOKED).sort())
})

test('the page has a section for each code', () => {
  const typings = fs.readFileSync(new URL('../../types/errors.d.ts', import.meta.url), 'utf8')
  const codes = [.../type ErrorCode =(.*?)\n\n/s.exec(typings)[1].matchAll(/'(ERR_\w+)'/g)].map(
    found => found[1]
  )
  assert.deepEqual([...text.matchAll(/^## (ERR_\w+)$/gm)].map(found => found[1]).sort(), codes.sort())
})

describe('a failure looks as the page shows it', () => {
  for (const {
    line,
    text: block,
    mark: { subject }
  } of shown) {
    test(`line ${line}: ${subject}`, async t => {
      const error = await PROVOKED[subject](t)
      assert.ok(error, 'nothing failed')
      const { said, cause } = lookOf(error)
      const [message, shownCause] = block.trim().split('\ncause: ')
      assert.ok(matches(said, message), `the page shows\n  ${message}\nand the error is\n  ${said}`)
      if (shownCause !== undefined)
        assert.ok(matches(cause, shownCause), `the page shows\n  ${shownCause}\nand the cause is\n  ${cause}`)
    })
  }
})

test('a failure is in the section of its code', () => {
  const lines = text.split('\n')
  for (const {
    line,
    text: block,
    mark: { subject }
  } of shown) {
    const [, section] = /^## (.*)$/.exec(lines.slice(0, line).findLast(each => each.startsWith('## ')))
    const code = block.split(':')[0]
    if (code.startsWith('ERR_')) assert.equal(section, code, subject)
  }
})
