/**
 * Holds the layers of the JavaScript: which folder may import which, and that no files import each other in a circle.
 *
 * Reads `import` and `require` of relative paths as text, without comments. Packages are not followed.
 */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { describe, test } from 'node:test'
import { ROOT } from '../../scripts/machine.mjs'

/** What the files of a folder may import besides each other; `.` is the top folder, with the main entry. */
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

/** Every folder may import this. */
const PACKAGE = 'package.json'

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

/** File → the files that it imports, of all that git tracks or would. */
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

/** A circle in a graph, as the files along it; undefined if there is none. */
const circleIn = graph => {
  const done = new Set()
  const visit = (file, along) => {
    if (along.includes(file)) return [...along.slice(along.indexOf(file)), file]
    if (done.has(file)) return undefined
    for (const imported of graph.get(file) ?? []) {
      const circle = visit(imported, [...along, file])
      if (circle !== undefined) return circle
    }
    done.add(file)
    return undefined
  }
  for (const file of graph.keys()) {
    const circle = visit(file, [])
    if (circle !== undefined) return circle
  }
  return undefined
}

const isAllowed = (importer, imported) => {
  const [from, to] = [folderOf(importer), folderOf(imported)]
  return from === to || imported === PACKAGE || MAY_IMPORT[from]?.includes(to)
}

describe('the imports of the JavaScript', () => {
  const graph = importsOf()

  test('are found', () => {
    assert(graph.get('entries/hocuspocus.cjs').includes('index.cjs'))
    assert(graph.get('lib/entry.js').includes('lib/persistence.js'))
    assert(graph.get('lib/native.js').includes('package.json'))
  })

  test('follow the layers', () => {
    const wrong = [...graph].flatMap(([importer, imports]) =>
      imports.filter(imported => !isAllowed(importer, imported)).map(imported => `${importer} → ${imported}`)
    )
    assert.deepEqual(wrong, [])
  })

  test('make no circle', () => {
    assert.equal(circleIn(graph)?.join(' → '), undefined)
  })
})

test('a circle is found, and every form of import', () => {
  const graph = new Map([
    ['a', ['b']],
    ['b', ['c']],
    ['c', ['b']]
  ])
  assert.deepEqual(circleIn(graph), ['b', 'c', 'b'])
  const text =
    "import './a.js'\nimport { b } from './b.js'\nconst c = require('./c.js')\n// import './d.js'\nawait import('./e.js')\nfork(new URL('f.mjs', import.meta.url)); new URL('./g.mjs', import.meta.url)"
  assert.deepEqual(importsIn(text), ['./a.js', './b.js', './c.js', './e.js', './g.mjs'])
})
