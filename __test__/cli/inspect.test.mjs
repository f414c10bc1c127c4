/** `ls`, `stats` and `show` print what the table holds, damaged documents included, and write nothing. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { sortKey } from '../support/format.mjs'
import { Y, bigUpdate, keystrokes, updatesOf } from '../support/documents.mjs'
import { byName, cli, cliJson, filledTable, tableArgs } from './support/cli.mjs'

async function mixedTable(t) {
  const before = Date.now()
  const table = await filledTable(
    t,
    { typed: keystrokes(3), big: [bigUpdate(900_000)] },
    { 'typed': { title: 'T' }, 'only metas': { a: 1n } }
  )
  for (const [i, value] of keystrokes(2).entries())
    await table.put({ doc: 'old', key: sortKey(['v1', 'old', 'update', 7 + i]), value })
  await table.put({ doc: 'theirs', key: Buffer.from('theirs'), value: Buffer.of(1) })
  return { table, before }
}

describe('ls', () => {
  test('lists name, items, bytes, log clock and last change of every document, and no foreign items', async t => {
    const { table, before } = await mixedTable(t)
    const { code, results } = await cliJson(t, ['ls', ...tableArgs(table)])
    assert.equal(code, 0)
    const found = byName(results)
    assert.deepEqual(Object.keys(found).sort(), ['big', 'old', 'only metas', 'typed'])
    const shown = ({ items, clock }) => [items, clock]
    assert.deepEqual(shown(found.typed), [4, 2])
    assert.deepEqual(shown(found.big), [4, 0])
    assert.deepEqual(shown(found.old), [2, 8])
    assert.deepEqual(shown(found['only metas']), [1, null])
    for (const { changedAt } of [found.typed, found.big])
      assert(changedAt >= before && changedAt <= Date.now())
    for (const { changedAt } of [found.old, found['only metas']]) assert.equal(changedAt, null)
    // The names and values of the attributes ydocname, ykeysort and value.
    const bytesOfOld = keystrokes(2).reduce((sum, update) => sum + 8 + 3 + 8 + 22 + 5 + update.length, 0)
    assert.equal(found.old.bytes, bytesOfOld)
    const { stdout } = await cli(t, ['ls', ...tableArgs(table)])
    const line = stdout.split('\n').find(each => each.endsWith('  old'))
    assert.match(line, new RegExp(`^ +2 +${bytesOfOld} +8 +— +old$`))
  })

  test('of an empty table prints no result, and a remark on standard error', async t => {
    const table = await filledTable(t, {})
    const { code, stdout, stderr } = await cli(t, ['ls', ...tableArgs(table)])
    assert.deepEqual(
      [code, stdout, stderr],
      [0, '', `y-dynamodb: table ${table.tableName} has no documents\n`]
    )
    const json = await cli(t, ['ls', '--json', ...tableArgs(table)])
    assert.deepEqual([json.code, json.stdout, json.stderr], [0, '', ''])
  })

  test('writes nothing', async t => {
    const { table } = await mixedTable(t)
    const before = await table.items()
    await cli(t, ['ls', ...tableArgs(table)])
    await cli(t, ['stats', ...tableArgs(table)])
    await cli(t, ['show', 'typed', ...tableArgs(table)])
    assert.deepEqual(await table.items(), before)
  })
})

test('stats counts documents, items, sets, items of incomplete sets and of the original package', async t => {
  const { table } = await mixedTable(t)
  const orphan = sortKey(['v1', 'old', 'update', 9, 1, 2, 0])
  await table.put({ doc: 'old', key: orphan, value: Buffer.of(0, 0) })
  const unsealed = sortKey(['v1', 'old', 'update', 10, 1, 2])
  await table.put({
    doc: 'old',
    key: unsealed,
    value: Buffer.of(0, 0),
    parts: { N: '1' },
    at: { N: '5' },
    sealed: { BOOL: false }
  })
  const {
    code,
    results: [found]
  } = await cliJson(t, ['stats', ...tableArgs(table)])
  assert.equal(code, 0)
  const { documents, items, sets, remains, original, metas, quarantined } = found
  assert.deepEqual(
    { documents, items, sets, remains, original, metas, quarantined },
    { documents: 4, items: 13, sets: 1, remains: 2, original: 2, metas: 2, quarantined: 0 }
  )
  assert.equal(found.largest[0].name, 'big')
  assert.equal(
    found.bytes,
    found.largest.reduce((sum, { bytes }) => sum + bytes, 0)
  )
  const { stdout } = await cli(t, ['stats', ...tableArgs(table)])
  assert.match(stdout, /^items of incomplete sets +2$/m)
})

test('stats counts a set as a read does: a sealed one with a gap in its parts is incomplete', async t => {
  const table = await filledTable(t, { big: [bigUpdate(900_000)] })
  const key = (...more) => sortKey(['v1', 'gap', 'update', 3, 1, 2, ...more])
  const head = { parts: { N: '2' }, at: { N: '5' }, sealed: { BOOL: true } }
  await table.put({ doc: 'gap', key: key(), value: Buffer.of(0, 0), ...head })
  for (const n of [0, 2]) await table.put({ doc: 'gap', key: key(n), value: Buffer.of(0, 0) })
  const {
    results: [{ sets, remains }]
  } = await cliJson(t, ['stats', ...tableArgs(table)])
  assert.deepEqual({ sets, remains }, { sets: 1, remains: 3 })
})

describe('show', () => {
  test('prints each root type according to its content, and the metas', async t => {
    const updates = updatesOf(1, doc => {
      doc.getText('a text').insert(0, 'line 1\nline \x1b[2J', { bold: true })
      doc.getArray('an array').push([1, 'two', new Uint8Array([3]), new Y.Map([['x', 1]])])
      doc.getMap('a map').set('k', { deep: [null] })
      doc.getXmlFragment('a page').insert(0, [new Y.XmlElement('p')])
      doc
        .getXmlFragment('a page')
        .get(0)
        .insert(0, [new Y.XmlText('hello')])
      doc.getText('cleared').insert(0, 'x')
      doc.getText('cleared').delete(0, 1)
    })
    const table = await filledTable(t, { doc: updates }, { doc: { title: 'T', ['__proto__x']: [1] } })
    const {
      code,
      results: [found]
    } = await cliJson(t, ['show', 'doc', ...tableArgs(table)])
    assert.equal(code, 0)
    const roots = Object.fromEntries(found.roots.map(({ name, ...root }) => [name, root]))
    assert.deepEqual(roots, {
      'a text': {
        kind: 'text',
        text: 'line 1\nline \x1b[2J',
        json: [{ insert: 'line 1\nline \x1b[2J', attributes: { bold: true } }]
      },
      'an array': { kind: 'array', json: [1, 'two', 'Aw==', { x: 1 }] },
      'a map': { kind: 'map', json: { k: { deep: [null] } } },
      'a page': { kind: 'xml', text: '<p>hello</p>', json: null },
      'cleared': { kind: 'text', text: '', json: [] }
    })
    assert.deepEqual(found.metas, { title: 'T', __proto__x: [1] })
    assert.deepEqual([found.items, found.clock, found.clients], [updates.length + 2, updates.length - 1, 1])
    const { stdout } = await cli(t, ['show', 'doc', ...tableArgs(table)])
    assert.match(stdout, /^ {2}line 1$/m)
    assert.doesNotMatch(stdout, /\x1b/)
  })

  test('exits with 1 for a missing document, and with 2 for an invalid name', async t => {
    const table = await filledTable(t, { doc: keystrokes(1) })
    const missing = await cliJson(t, ['show', 'other', ...tableArgs(table)])
    assert.deepEqual(
      [missing.code, missing.failures[0].code, missing.failures[0].docName],
      [1, 'ERR_NOT_FOUND', 'other']
    )
    const impossible = await cliJson(t, ['show', 'x'.repeat(1_005), ...tableArgs(table)])
    assert.deepEqual([impossible.code, impossible.failures[0].code], [2, 'ERR_INVALID_ARGUMENT'])
  })

  test('prints what can be read of a damaged document, and the damage', async t => {
    const table = await filledTable(t, { doc: keystrokes(3) })
    await table.put({ doc: 'doc', key: sortKey(['v1', 'doc', 'update', 9]), value: Buffer.from('no update') })
    const {
      code,
      results: [found]
    } = await cliJson(t, ['show', 'doc', ...tableArgs(table)])
    assert.equal(code, 0)
    assert.equal(found.roots[0].text, 'abc')
    assert.deepEqual(
      found.findings.map(({ wrong }) => wrong),
      ['corrupt-update']
    )
  })
})

test('ls and show print what is in quarantine, also if the document has nothing else', async t => {
  const table = await filledTable(t, { rest: keystrokes(2) })
  for (const doc of ['rest', 'letter']) {
    await table.put({ doc, key: sortKey(['v1', doc, 'update', 9]), value: Buffer.from('no update') })
  }
  await cli(t, ['repair', '--all', '--apply', ...tableArgs(table)])
  const { stdout } = await cli(t, ['ls', ...tableArgs(table)])
  assert.match(stdout, / {2}letter {2}\(1 in quarantine\)$/m)
  assert.match(stdout, / {2}rest {2}\(1 in quarantine\)$/m)
  for (const [doc, clients] of [
    ['letter', 0],
    ['rest', 1]
  ]) {
    const {
      code,
      results: [found]
    } = await cliJson(t, ['show', doc, ...tableArgs(table)])
    assert.deepEqual([code, found.name, found.quarantined, found.clients], [0, doc, 1, clients])
    const text = await cli(t, ['show', doc, ...tableArgs(table)])
    assert.match(text.stdout, /^quarantine +1 item \(repair DOC --extract DIR/m)
    assert.match(text.stdout, clients === 1 ? / 1 client$/m : / 0 clients$/m)
  }
})
