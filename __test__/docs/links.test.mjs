/** The links, anchors and file names of all pages lead to something, in the repository and in the published package. */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { ROOT } from '../../scripts/tools.mjs'
import { allPages, readPage } from '../../scripts/markdown.mjs'

const { files } = JSON.parse(fs.readFileSync(path.join(ROOT, 'package.json'), 'utf8'))
// npm always packs these.
const PACKED = [...files, 'README.md', 'LICENSE', 'package.json']
const isPacked = name => PACKED.some(packed => name === packed || name.startsWith(`${packed}/`))

const pages = new Map(allPages().map(name => [name, readPage(name)]))

/** All links of all pages to files: `{ from, to, anchor }`, paths from the top folder. */
const links = [...pages].flatMap(([from, page]) =>
  page.links
    .filter(href => !/^[a-z]+:/.test(href))
    .map(href => {
      const [file, anchor] = href.split('#')
      return { from, to: file === '' ? from : path.posix.join(path.posix.dirname(from), file), anchor, href }
    })
)
const say = broken => broken.map(({ from, href }) => `${from}: ${href}`)
/** Files of the original package that the pages name. */
const OF_THE_ORIGINAL = ['src/y-dynamodb.js', 'src/y-dynamodb.cjs']

test('the README links to every page of docs/', () => {
  const reached = new Set(links.filter(({ from }) => from === 'README.md').map(({ to }) => to))
  assert.deepEqual(
    [...pages.keys()].filter(name => name.startsWith('docs/') && !reached.has(name)),
    []
  )
})

test('every link of every page leads to a file', () => {
  assert.ok(links.length > 50, `${links.length} links`)
  assert.deepEqual(say(links.filter(({ to }) => !fs.existsSync(path.join(ROOT, to)))), [])
})

test('every anchor is that of a heading', () => {
  const withAnchor = links.filter(({ to, anchor }) => anchor !== undefined && pages.has(to))
  assert.ok(withAnchor.length > 10, `${withAnchor.length} anchors`)
  assert.deepEqual(say(withAnchor.filter(({ to, anchor }) => !pages.get(to).anchors.has(anchor))), [])
})

test('a page of the published package links only to published files', () => {
  const published = links.filter(({ from }) => isPacked(from))
  assert.deepEqual(say(published.filter(({ to }) => !isPacked(to))), [])
})

test('every file of the repository that a page names exists', () => {
  const named = [...pages].flatMap(([from, { text }]) =>
    [
      ...text.matchAll(
        /`((?:docs|entries|examples|lib|cli|scripts|src|tests|__test__|bench|fuzz)\/[\w./-]*\w)`/g
      )
    ].map(([, to]) => ({ from, to, href: to }))
  )
  const own = named.filter(({ to }) => !OF_THE_ORIGINAL.includes(to))
  assert.deepEqual(say(own.filter(({ to }) => !fs.existsSync(path.join(ROOT, to)))), [])
})
