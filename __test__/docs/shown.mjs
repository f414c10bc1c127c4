/** Compares what a page shows behind `// →` with what comes. `…` in it stands for anything. */
import assert from 'node:assert/strict'
import { inspect } from 'node:util'

/** What a process says that has run all fragments of its page. */
export const THROUGH = 'through'

const lines = []
/** From now on what is printed is kept for `printed`. */
export const keepPrinted = () => {
  console.log = (...values) => {
    lines.push(values.map(value => (typeof value === 'string' ? value : shown(value))).join(' '))
  }
}

const shown = value => inspect(value, { breakLength: Infinity, depth: 5 }).replace(/\s+/g, ' ')

/** @param {string} pattern what the page shows */
export const matches = (text, pattern) => {
  const parts = pattern.split('…').map(part => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
  return new RegExp(`^${parts.join('.*')}$`, 's').test(text)
}

const check = (text, pattern, line) =>
  assert.ok(matches(text, pattern), `line ${line} shows\n  ${pattern}\nand what comes is\n  ${text}`)

export const is = (value, pattern, line) => check(shown(value), pattern, line)
export const printed = (pattern, line) => check(lines.at(-1) ?? '', pattern, line)
