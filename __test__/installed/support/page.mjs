/** The files and commands that docs/BUNDLERS.md shows. */
import assert from 'node:assert/strict'
import { readPage } from '../../../scripts/markdown.mjs'

const { blocks } = readPage('docs/BUNDLERS.md')
const shown = blocks.filter(({ mark }) => mark?.kind === 'bundled')
const isCommand = ({ mark }) => mark.subject === 'command'

/** The blocks with the mark `<!-- bundled: NAME -->`: name → text. */
export const files = Object.fromEntries(
  shown.filter(each => !isCommand(each)).map(({ mark, text }) => [mark.subject, text])
)

/** The block of commands that begins with `start`. */
export const script = start => {
  const block = shown.filter(isCommand).find(({ text }) => text.startsWith(start))
  assert(block, `docs/BUNDLERS.md has no command ${start}`)
  return block.text
}

/** The command that begins with `npx start`, as arguments of npx. */
export const command = start => {
  const line = script(`npx ${start}`).replaceAll('\\\n', '')
  return [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain).slice(1)
}
