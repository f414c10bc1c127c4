/**
 * Runs or checks every block of code in README.md and docs/. Some marks name the test that does it:
 *
 *   js                        a fragment; runs with the others of its page, in order (docs/fragments.mjs)
 *   js that loads y-dynamodb  a program; runs to its end (docs/programs.mjs). `<!-- program: NAME -->` names its file
 *   js after <!-- server -->  a server; is started on a free port and stopped
 *   js after <!-- client -->  docs/outages.test.mjs
 *   ts, json, yaml            compiled, parsed
 *   sh                        each command must exist (docs/shell.mjs)
 *   Usage: y-dynamodb …       must equal the output of --help
 *   <!-- provoked: … -->      docs/errors.test.mjs      <!-- stack: … -->, <!-- policy -->   docs/table.test.mjs
 *   <!-- bundled: … -->       installed/bundlers.mjs
 *   <!-- bytes: … -->         docs/format.test.mjs      <!-- not run: REASON -->             not at all; printed
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import yaml from 'yaml'
import { readPage, userPages } from '../../scripts/markdown.mjs'
import { runFragments } from './fragments.mjs'
import { folderOf, runProgram, runServer } from './programs.mjs'
import { checkCommands, checkUsage } from './shell.mjs'
import { errorsOf } from './typescript.mjs'

const MARKED = ['program', 'server', 'client', 'provoked', 'stack', 'policy', 'bytes', 'bundled', 'not run']
const LOADS_US = /^import .*'y-dynamodb(?:\/hocuspocus)?'|require\('y-dynamodb'\)/m
const JAVASCRIPT = ['js', 'mjs', 'cjs', 'javascript']

const kindOf = ({ language, text, mark }) => {
  if (mark && MARKED.includes(mark.kind)) return mark.kind
  if (text.startsWith('Usage: y-dynamodb ')) return 'usage'
  if (JAVASCRIPT.includes(language)) return LOADS_US.test(text) ? 'program' : 'fragment'
  return language
}

const nameOf = ({ at, mark }) => mark?.subject ?? at

const pages = userPages().map(readPage)
const blocks = pages.flatMap(page =>
  page.blocks.map(block => ({
    ...block,
    page: page.name,
    kind: kindOf(block),
    at: `${page.name}:${block.line}`
  }))
)
const of = (kind, page) =>
  blocks.filter(block => block.kind === kind && (page === undefined || block.page === page))

test('every fence of every page is found', () => {
  assert.ok(blocks.length > 60, `${blocks.length} blocks`)
  for (const { name, text, blocks } of pages) {
    assert.equal(
      text.match(/^ *```/gm)?.length ?? 0,
      2 * blocks.length,
      `${name}: a fence inside a list or a quotation is not checked`
    )
  }
})

test('every block has a kind that a test checks', () => {
  const known = [...MARKED, 'fragment', 'usage', 'ts', 'json', 'yaml', 'sh']
  assert.deepEqual(
    blocks.filter(({ kind }) => !known.includes(kind)).map(({ at, kind }) => `${at} ${kind}`),
    []
  )
})

test('a block that is not run says why', t => {
  for (const { at, mark } of of('not run')) {
    assert.ok(mark.subject, at)
    t.diagnostic(`not run: ${at}, ${mark.subject}`)
  }
})

describe('the programs of a page run one after the other and print what the page shows', () => {
  const withPrograms = pages.filter(({ name }) => of('program', name).length > 0)
  for (const { name } of withPrograms) {
    test(name, t => {
      const folder = folderOf(t)
      // The quick start continues with the README's program.
      const before =
        name === 'docs/QUICK-START.md' ? of('program', 'README.md').filter(({ mark }) => mark) : []
      for (const block of [...before, ...of('program', name)])
        runProgram({ ...block, name: nameOf(block) }, folder)
    })
  }
})

describe('the fragments of a page run one after the other and give the values that the page shows', () => {
  const withFragments = pages.filter(({ name }) => of('fragment', name).length > 0)
  for (const { name } of withFragments) {
    test(name, t => assert.equal(runFragments(name, of('fragment', name), folderOf(t)), ''))
  }
})

describe('a server of a page starts, prints its port and ends on SIGTERM', () => {
  for (const block of of('server')) {
    test(block.at, t => runServer(t, block, folderOf(t)))
  }
})

describe('the commands of a page exist', () => {
  for (const { at, page, text } of of('sh')) {
    const ownFiles = new Set(
      [...of('program', page), ...of('program', 'README.md'), ...of('client', page)].map(
        ({ mark }) => mark?.subject
      )
    )
    test(at, () => checkCommands(text, ownFiles))
  }
})

describe('the usage that a page shows equals the output of --help', () => {
  for (const { at, text } of of('usage')) test(at, () => checkUsage(text))
})

describe('the commands in the sentences of a page exist', () => {
  for (const { name, text } of pages) {
    const commands = [...text.matchAll(/`(npx y-dynamodb [a-z][^`]*)`/g)].map(([, command]) =>
      command.replace(/\s+/g, ' ')
    )
    if (commands.length === 0) continue
    test(name, () => commands.forEach(command => checkCommands(command, new Set())))
  }
})

test('the TypeScript of the pages compiles, strictly', () => {
  const found = of('ts')
  assert.notEqual(found.length, 0)
  assert.deepEqual(errorsOf(found.map(({ text }) => text)), [], found.map(({ at }) => at).join())
})

test('the JSON and YAML of the pages can be parsed', () => {
  for (const [language, parse] of [
    ['json', JSON.parse],
    ['yaml', yaml.parse]
  ]) {
    const found = blocks.filter(block => block.language === language)
    assert.notEqual(found.length, 0, language)
    for (const { at, text } of found) assert.doesNotThrow(() => parse(text), at)
  }
})
