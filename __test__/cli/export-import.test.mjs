/** An export followed by an import restores every document and meta, whatever its name and whatever the table has already. */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { createRequire } from 'node:module'
import { describe, test } from 'node:test'
import { DynamoDbPersistence, onceOnly } from '../support/dynamodb.mjs'
import { sortKey } from '../support/format.mjs'
import { Y, bigUpdate, docOf, keystrokes, mapOf, textOf, updatesOf } from '../support/documents.mjs'
import { cli, cliJson, emptyTable, filledTable, folder, tableArgs } from './support/cli.mjs'

const require = createRequire(import.meta.url)
const { toFileName, toDocName } = require('../../cli/file-names.cjs')

/** Names that some file system or shell does not accept. */
const HARD_NAMES = [
  'plain',
  'Plain',
  'PLAIN',
  'a/b',
  '../up',
  '..',
  '.',
  '.hidden',
  'con',
  'NUL',
  'com1',
  'with space ',
  '%41',
  'a~b',
  'ends.',
  'new\nline',
  'nul\0l',
  'é',
  'e\u0301',
  '日本語',
  '👩‍👩‍👧',
  'C:\\x',
  '-rf',
  '*?<>|"',
  'x'.repeat(989),
  'x'.repeat(988) + 'y',
  'é'.repeat(494)
]

describe('file names', onceOnly, () => {
  test('are distinct on any file system, and give the document name back unless they are cut', () => {
    const bases = HARD_NAMES.map(toFileName)
    assert.equal(new Set(bases.map(base => base.toLowerCase().normalize('NFC'))).size, HARD_NAMES.length)
    for (const [i, base] of bases.entries()) {
      assert.match(base, /^[a-zA-Z0-9_%~-]{1,200}$/)
      assert.doesNotMatch(base, /^(con|prn|aux|nul|com\d|lpt\d)$/i)
      assert.equal(toDocName(base), base.includes('~') ? undefined : HARD_NAMES[i])
    }
  })

  test('that export never writes have no document name', () => {
    for (const base of ['Upper', 'a%4', 'a%zz', '', 'a b', '%FF', 'a.b', '%c3%b6'])
      assert.equal(toDocName(base), undefined, base)
  })
})

/** The merged update and the metas of each document. */
async function contentOf(table, names) {
  const persistence = DynamoDbPersistence(table.config({ skipCreateTable: true, gc: false }))
  const content = {}
  for (const name of names) {
    content[name] = [
      Buffer.from(await persistence.getDiff(name)).toString('base64'),
      await persistence.getMetas(name)
    ]
  }
  await persistence.close()
  return content
}

describe('export and import', () => {
  test('restore every document and meta, whatever its name', async t => {
    const documents = Object.fromEntries(
      HARD_NAMES.map((name, i) => [name, keystrokes(3, { clientID: i + 1 })])
    )
    documents.big = [bigUpdate(800_000)]
    documents['with deletions'] = updatesOf(99, doc => {
      doc.getText('text').insert(0, 'deleted, and still stored')
      doc.getText('text').delete(0, 25)
    })
    const metas = {
      'plain': { 'a key\n': { deep: [1n, null, new Uint8Array([1, 2])], u: undefined }, '': -0 },
      'only metas': { k: 0.1 }
    }
    const source = await filledTable(t, documents, metas)
    const files = path.join(folder(t), 'made', 'by export')
    const exported = await cliJson(t, ['export', '--all', files, ...tableArgs(source)])
    assert.equal(exported.code, 0, exported.stderr)
    const names = [...Object.keys(documents), 'only metas']
    assert.deepEqual(exported.results.map(({ name }) => name).sort(), [...names].sort())
    const written = fs.readdirSync(files)
    assert.equal(written.filter(file => file.endsWith('.yjs')).length, names.length - 1)
    assert.equal(written.filter(file => file.endsWith('.json')).length, names.length)
    assert.equal(written.length, 2 * names.length - 1, 'no other files')
    assert.equal(textOf(docOf([fs.readFileSync(path.join(files, 'plain.yjs'))])), 'abc', 'a plain Yjs update')

    const target = await emptyTable(t)
    const imported = await cliJson(t, ['import', files, ...tableArgs(target)])
    assert.equal(imported.code, 0, imported.stderr)
    assert.deepEqual(await contentOf(target, names), await contentOf(source, names))

    const before = await target.items()
    const again = await cliJson(t, ['import', files, ...tableArgs(target)])
    assert.equal(again.code, 0)
    assert(again.results.every(({ storedBytes, storedMetas }) => storedBytes === 0 && storedMetas === 0))
    assert.deepEqual(await target.items(), before, 'importing again stores nothing')
  })

  test('store only what the table lacks, also with gaps and deletions', async t => {
    const typed = keystrokes(6)
    const deleted = updatesOf(1, doc => {
      for (const update of typed) Y.applyUpdate(doc, update)
      doc.getText('text').delete(0, 2)
    })
    const large = bigUpdate(100_000, { clientID: 7 })
    const target = await filledTable(t, { doc: [large, typed[0], typed[1], typed[4]] })
    const files = folder(t)
    fs.writeFileSync(path.join(files, 'doc.yjs'), Y.mergeUpdates([large, ...typed, ...deleted]))
    const imported = await cliJson(t, ['import', files, ...tableArgs(target)])
    assert.equal(imported.code, 0, imported.stderr)
    const { storedBytes, bytes } = imported.results[0]
    assert(storedBytes > 0 && storedBytes < 1_000 && bytes > 100_000, `${storedBytes} of ${bytes}`)
    const back = docOf([Buffer.from((await contentOf(target, ['doc'])).doc[0], 'base64')])
    assert.equal(textOf(back), 'cdef')
    // Less than the table has: nothing to store.
    fs.writeFileSync(path.join(files, 'doc.yjs'), typed[4])
    const less = await cliJson(t, ['import', files, ...tableArgs(target)])
    assert.deepEqual([less.code, less.results[0].storedBytes], [0, 0])
  })

  test('keep a meta that has another value in the table, and report it, unless --overwrite-metas is given', async t => {
    const source = await filledTable(t, { doc: keystrokes(1) }, { doc: { title: 'from the file', more: 1 } })
    const target = await filledTable(t, { doc: keystrokes(1) }, { doc: { title: 'in the table' } })
    const files = folder(t)
    await cli(t, ['export', 'doc', files, ...tableArgs(source)])
    const kept = await cliJson(t, ['import', files, ...tableArgs(target)])
    assert.deepEqual([kept.code, kept.results[0].keptMetas, kept.results[0].storedMetas], [1, ['title'], 1])
    assert.equal((await contentOf(target, ['doc'])).doc[1].get('title'), 'in the table')
    const replaced = await cliJson(t, ['import', files, '--overwrite-metas', ...tableArgs(target)])
    assert.deepEqual(
      [replaced.code, replaced.results[0].keptMetas, replaced.results[0].storedMetas],
      [0, [], 1]
    )
    assert.deepEqual(Object.fromEntries((await contentOf(target, ['doc'])).doc[1]), {
      title: 'from the file',
      more: 1
    })
  })

  test('accept any update file, with the name of its document', async t => {
    const target = await emptyTable(t)
    const file = path.join(folder(t), 'Any File.bin')
    fs.writeFileSync(file, Y.mergeUpdates(keystrokes(3)))
    const nameless = (await cliJson(t, ['import', file, ...tableArgs(target)])).failures[0]
    assert.equal(nameless.code, 'ERR_INVALID_ARGUMENT')
    assert(nameless.message.startsWith(`${file} has no .json`), 'the path as given')
    assert.match(nameless.message, /--name DOC/)
    const { code } = await cliJson(t, ['import', file, '--name', 'A Name', ...tableArgs(target)])
    assert.equal(code, 0)
    assert.equal(
      textOf(docOf([Buffer.from((await contentOf(target, ['A Name']))['A Name'][0], 'base64')])),
      'abc'
    )
  })

  test('exit with 1 for a missing document, and write no file', async t => {
    const table = await filledTable(t, {})
    const files = folder(t)
    const { code, failures } = await cliJson(t, ['export', 'doc', files, ...tableArgs(table)])
    assert.deepEqual([code, failures[0].code], [1, 'ERR_NOT_FOUND'])
    assert.deepEqual(fs.readdirSync(files), [])
  })
})

test('export and import end with a summary', async t => {
  const documents = { a: keystrokes(3), b: keystrokes(2, { clientID: 2 }) }
  const source = await filledTable(t, documents, { a: { k: 1 } })
  const target = await emptyTable(t)
  const files = folder(t)
  const last = ({ stdout }) => stdout.split('\n').at(-2)
  const exported = await cli(t, ['export', '--all', files, ...tableArgs(source)])
  const bytes = ['a', 'b'].reduce((sum, name) => sum + fs.statSync(path.join(files, `${name}.yjs`)).size, 0)
  assert.equal(last(exported), `2 documents exported to ${files} (${bytes} bytes, 1 meta)`)
  fs.writeFileSync(path.join(files, 'damaged.yjs'), 'no update')
  const stored = `stored in table ${target.tableName}`
  const imported = await cli(t, ['import', files, ...tableArgs(target)])
  assert.equal(
    last(imported),
    `3 documents: 2 ${stored} (${bytes} bytes, 1 meta), 0 had nothing new, 1 failed`
  )
  const again = await cli(t, ['import', files, ...tableArgs(target)])
  assert.equal(last(again), `3 documents: 0 ${stored} (0 bytes, 0 metas), 2 had nothing new, 1 failed`)
  const migrated = await cli(t, [
    'migrate',
    '--from',
    `dynamodb:${source.tableName}`,
    '--from-endpoint',
    source.endpoint,
    ...tableArgs(target)
  ])
  assert.equal(last(migrated), `2 documents: 0 ${stored} (0 bytes, 0 metas), 2 had nothing new`)
  const json = await cli(t, ['export', '--all', files, '--json', ...tableArgs(source)])
  assert.equal(json.stdout.trim().split('\n').length, 2, 'no summary with --json')
})

test('import refuses invalid files, stores nothing of them, and imports the others', async t => {
  const target = await emptyTable(t)
  const files = folder(t)
  const put = (file, content) => fs.writeFileSync(path.join(files, file), content)
  const json = (name, metas) => JSON.stringify({ name, metas })
  const update = keystrokes(1)[0]
  put('cut.yjs', update.slice(0, -2))
  put('empty.yjs', '')
  put('Name.yjs', update)
  put('long~0123.yjs', update)
  for (const base of ['notjson', 'noname', 'base64', 'notany', 'twice', 'nokey', 'noname2'])
    put(`${base}.yjs`, update)
  put('notjson.json', '{')
  put('noname.json', JSON.stringify({ metas: [] }))
  put('noname2.json', 'null')
  put('base64.json', json('base64', [{ key: 'k', value: '!' }]))
  put('notany.json', json('notany', [{ key: 'k', value: 'cw==' }]))
  put(
    'twice.json',
    json('twice', [
      { key: 'k', value: 'fg==' },
      { key: 'k', value: 'fw==' }
    ])
  )
  put('nokey.json', json('nokey', [{ value: 'fg==' }]))
  put('toolong.yjs', update)
  put('toolong.json', json('x'.repeat(990), []))
  put('good.yjs', update)
  put('.half.yjs.1.writing', update)
  put('notes.txt', 'not mine')
  const { code, results, failures } = await cliJson(t, ['import', files, ...tableArgs(target)])
  assert.equal(code, 1)
  assert.deepEqual(
    results.map(({ name }) => name),
    ['good']
  )
  const codes = Object.fromEntries(failures.map(failure => [failure.docName.slice(0, 20), failure.code]))
  const invalid = [
    'Name',
    'long~0123',
    'notjson',
    'noname',
    'noname2',
    'base64',
    'notany',
    'twice',
    'nokey',
    'toolong'
  ]
  assert.deepEqual(codes, {
    cut: 'ERR_INVALID_UPDATE',
    empty: 'ERR_INVALID_UPDATE',
    ...Object.fromEntries(invalid.map(base => [base, 'ERR_INVALID_ARGUMENT']))
  })
  assert.deepEqual([...new Set((await target.items()).map(({ doc }) => doc))], ['good'])
})

test('export skips a damaged document, and leaves its previous file as it was', async t => {
  const table = await filledTable(t, {
    bad: keystrokes(2),
    good: updatesOf(3, doc => doc.getMap('map').set('k', 1))
  })
  const files = folder(t)
  await cli(t, ['export', '--all', files, ...tableArgs(table)])
  const before = fs.readFileSync(path.join(files, 'bad.yjs'))
  await table.put({ doc: 'bad', key: sortKey(['v1', 'bad', 'update', 9]), value: Buffer.from('no') })
  const { code, results, failures } = await cliJson(t, ['export', '--all', files, ...tableArgs(table)])
  assert.deepEqual([code, results.map(({ name }) => name)], [1, ['good']])
  assert.deepEqual(
    failures.map(({ code, docName }) => [code, docName]),
    [['ERR_CORRUPT', 'bad']]
  )
  assert.deepEqual(fs.readFileSync(path.join(files, 'bad.yjs')), before)
  assert.deepEqual(mapOf(docOf([fs.readFileSync(path.join(files, 'good.yjs'))])), { k: 1 })
})
