/** Compares the text behind `// →` of a page with the result. `…` stands for anything. */
import assert from 'node:assert/strict'
import { inspect } from 'node:util'

/** A process prints this when it has run all fragments of its page. */
export const THROUGH = 'through'

const lines = []
/** From now on the output is kept for `printed`. */
export const keepPrinted = () => {
  console.log = (...values) => {
    lines.push(values.map(value => (typeof value === 'string' ? value : shown(value))).join(' '))
  }
}

const shown = value => inspect(value, { breakLength: Infinity, depth: 5 }).replace(/\s+/g, ' ')

/** @param {string} pattern the text of the page */
export const matches = (text, pattern) => {
  const parts = pattern.split('…').map(part => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
  return new RegExp(`^${parts.join('.*')}$`, 's').test(text)
}

const check = (text, pattern, line) =>
  assert.ok(matches(text, pattern), `line ${line} shows\n  ${pattern}\nand the result is\n  ${text}`)

export const is = (value, pattern, line) => check(shown(value), pattern, line)
export const printed = (pattern, line) => check(lines.at(-1) ?? '', pattern, line)
