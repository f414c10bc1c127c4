/**
 * Checks the layers of the JavaScript: which folder may import which, and that no files import each other in a cycle.
 *
 * Searches the text of the files, without comments, for `import` and `require` of relative paths. Packages are ignored.
 */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { describe, test } from 'node:test'
import { ROOT } from '../../scripts/tools.mjs'

/** The folders that the files of a folder may import, besides their own. `.` is the top folder with the main entry. */
const MAY_IMPORT = {
  '.': ['lib'],
  'lib': [],
  'entries': ['.', 'lib'],
  'cli': ['lib'],
  'scripts': ['fuzz'],
  'fuzz': ['scripts'],
  'examples': ['.', 'entries', 'scripts'],
  'bench': ['.', 'entries', 'scripts'],
  '__test__': ['.', 'lib', 'entries', 'cli', 'scripts', 'examples', 'bench']
}

/** Every folder may import this file. */
const PACKAGE = 'package.json'
/** The binary in the top folder, which lib/native.js loads. */
const isAddon = file => file.endsWith('.node')

const IMPORT =
  /\b(?:from|import|require|require\.resolve)\s*\(?\s*'(\.[^']*)'|new URL\('(\.[^']*\.[cm]?js)', import\.meta\.url\)/g
const EXTENSIONS = ['', '.js', '.cjs', '.mjs', '.json']

const folderOf = file => (file.includes('/') ? file.split('/')[0] : '.')

const resolve = (importer, specifier) => {
  const target = path.posix.join(path.posix.dirname(importer), specifier)
  const found = EXTENSIONS.map(extension => target + extension).find(
    file => fs.statSync(path.join(ROOT, file), { throwIfNoEntry: false })?.isFile() ?? false
  )
  return found ?? target
}

const importsIn = text => {
  const code = text.replace(/\/\*.*?\*\//gs, '').replace(/^\s*\/\/.*$/gm, '')
  return [...code.matchAll(IMPORT)].map(([, imported, url]) => imported ?? url)
}

/** A map from each file that git tracks or does not ignore to the files that it imports. */
const importsOf = () => {
  const listed = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z'], {
    cwd: ROOT,
    encoding: 'utf8'
  })
  const files = listed
    .split('\0')
    .filter(file => /\.[cm]?js$/.test(file) && fs.existsSync(path.join(ROOT, file)))
  const read = file => fs.readFileSync(path.join(ROOT, file), 'utf8')
  return new Map(files.map(file => [file, importsIn(read(file)).map(specifier => resolve(file, specifier))]))
}

/** The files along a cycle in the graph, or undefined if there is none. */
const cycleIn = graph => {
  const done = new Set()
  const visit = (file, importers) => {
    if (importers.includes(file)) return [...importers.slice(importers.indexOf(file)), file]
    if (done.has(file)) return undefined
    for (const imported of graph.get(file) ?? []) {
      const cycle = visit(imported, [...importers, file])
      if (cycle !== undefined) return cycle
    }
    done.add(file)
    return undefined
  }
  for (const file of graph.keys()) {
    const cycle = visit(file, [])
    if (cycle !== undefined) return cycle
  }
  return undefined
}

const isAllowed = (importer, imported) => {
  const [from, to] = [folderOf(importer), folderOf(imported)]
  return from === to || imported === PACKAGE || isAddon(imported) || MAY_IMPORT[from]?.includes(to)
}

describe('the imports of the JavaScript', () => {
  const graph = importsOf()

  test('are found', () => {
    assert(graph.get('entries/hocuspocus.cjs').includes('index.cjs'))
    assert(graph.get('lib/constructor.js').includes('lib/persistence.js'))
    assert(graph.get('lib/native.js').includes('package.json'))
  })

  test('follow the layers', () => {
    const wrong = [...graph].flatMap(([importer, imports]) =>
      imports.filter(imported => !isAllowed(importer, imported)).map(imported => `${importer} → ${imported}`)
    )
    assert.deepEqual(wrong, [])
  })

  test('form no cycle', () => {
    assert.equal(cycleIn(graph)?.join(' → '), undefined)
  })
})

test('the check finds a cycle and every form of import', () => {
  const graph = new Map([
    ['a', ['b']],
    ['b', ['c']],
    ['c', ['b']]
  ])
  assert.deepEqual(cycleIn(graph), ['b', 'c', 'b'])
  const text =
    "import './a.js'\nimport { b } from './b.js'\nconst c = require('./c.js')\n// import './d.js'\nawait import('./e.js')\nfork(new URL('f.mjs', import.meta.url)); new URL('./g.mjs', import.meta.url)"
  assert.deepEqual(importsIn(text), ['./a.js', './b.js', './c.js', './e.js', './g.mjs'])
})
