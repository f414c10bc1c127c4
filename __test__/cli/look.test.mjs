import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { sortKey } from '../support/format.mjs'
import { DynamoDbPersistence } from '../support/engine.mjs'
import { Y, bigUpdate, keystrokes, updatesOf } from '../support/documents.mjs'
import { cli, cliJson, filledTable, of, sharedTable } from './support/cli.mjs'

const byName = results => Object.fromEntries(results.map(result => [result.name, result]))

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
  test('lists names, items, bytes, log clocks and last changes, of all documents and nothing foreign', async t => {
    const { table, before } = await mixedTable(t)
    const { code, results } = await cliJson(t, ['ls', ...of(table)])
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
    // By hand: names and values of ydocname, ykeysort and value.
    const bytesOfOld = keystrokes(2).reduce((sum, update) => sum + 8 + 3 + 8 + 22 + 5 + update.length, 0)
    assert.equal(found.old.bytes, bytesOfOld)
    const { stdout } = await cli(t, ['ls', ...of(table)])
    const line = stdout.split('\n').find(each => each.endsWith('  old'))
    assert.match(line, new RegExp(`^ +2 +${bytesOfOld} +8 +— +old$`))
  })

  test('of an empty table prints no result, and says so on standard error', async t => {
    const table = await filledTable(t, {})
    const { code, stdout, stderr } = await cli(t, ['ls', ...of(table)])
    assert.deepEqual(
      [code, stdout, stderr],
      [0, '', `y-dynamodb: table ${table.tableName} has no documents\n`]
    )
    const json = await cli(t, ['ls', '--json', ...of(table)])
    assert.deepEqual([json.code, json.stdout, json.stderr], [0, '', ''])
  })

  test('writes nothing', async t => {
    const { table } = await mixedTable(t)
    const before = await table.items()
    await cli(t, ['ls', ...of(table)])
    await cli(t, ['stats', ...of(table)])
    await cli(t, ['show', 'typed', ...of(table)])
    assert.deepEqual(await table.items(), before)
  })
})

test('stats counts documents, items, sets, remains, and items of the original package', async t => {
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
  } = await cliJson(t, ['stats', ...of(table)])
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
  const { stdout } = await cli(t, ['stats', ...of(table)])
  assert.match(stdout, /^items of incomplete sets +2$/m)
})

describe('show', () => {
  test('gives each root type by what is in it, and the metas', async t => {
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
    } = await cliJson(t, ['show', 'doc', ...of(table)])
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
    const { stdout } = await cli(t, ['show', 'doc', ...of(table)])
    assert.match(stdout, /^ {2}line 1$/m)
    assert.doesNotMatch(stdout, /\x1b/)
  })

  test('ends with 1 where there is no such document, and with 2 for a name that none can have', async t => {
    const table = await filledTable(t, { doc: keystrokes(1) })
    const missing = await cliJson(t, ['show', 'other', ...of(table)])
    assert.deepEqual(
      [missing.code, missing.failures[0].code, missing.failures[0].docName],
      [1, 'ERR_NOT_FOUND', 'other']
    )
    const impossible = await cliJson(t, ['show', 'x'.repeat(1_005), ...of(table)])
    assert.deepEqual([impossible.code, impossible.failures[0].code], [2, 'ERR_INVALID_ARGUMENT'])
  })

  test('shows a damaged document as far as it can be read, and that it is damaged', async t => {
    const table = await filledTable(t, { doc: keystrokes(3) })
    await table.put({ doc: 'doc', key: sortKey(['v1', 'doc', 'update', 9]), value: Buffer.from('no update') })
    const {
      code,
      results: [found]
    } = await cliJson(t, ['show', 'doc', ...of(table)])
    assert.equal(code, 0)
    assert.equal(found.roots[0].text, 'abc')
    assert.deepEqual(
      found.findings.map(({ wrong }) => wrong),
      ['corrupt-update']
    )
  })
})

test('ls and show tell what is in quarantine, also where a repair has left nothing else', async t => {
  const table = await filledTable(t, { rest: keystrokes(2) })
  for (const doc of ['rest', 'letter']) {
    await table.put({ doc, key: sortKey(['v1', doc, 'update', 9]), value: Buffer.from('no update') })
  }
  await cli(t, ['repair', '--all', '--apply', ...of(table)])
  const { stdout } = await cli(t, ['ls', ...of(table)])
  assert.match(stdout, / {2}letter {2}\(1 in quarantine\)$/m)
  assert.match(stdout, / {2}rest {2}\(1 in quarantine\)$/m)
  for (const [doc, clients] of [
    ['letter', 0],
    ['rest', 1]
  ]) {
    const {
      code,
      results: [found]
    } = await cliJson(t, ['show', doc, ...of(table)])
    assert.deepEqual([code, found.name, found.quarantined, found.clients], [0, doc, 1, clients])
    const text = await cli(t, ['show', doc, ...of(table)])
    assert.match(text.stdout, /^quarantine +1 item \(repair DOC --extract DIR/m)
    assert.match(text.stdout, clients === 1 ? / 1 client$/m : / 0 clients$/m)
  }
})

describe('create-table', () => {
  test('creates the table, ready to use, and the second time says that it is there', async t => {
    const table = sharedTable(t)
    const first = await cliJson(t, ['create-table', ...of(table)])
    assert.deepEqual([first.code, first.results], [0, [{ table: table.tableName, created: true }]])
    const { Table } = await table.request('DescribeTable', {})
    assert.equal(Table.TableStatus, 'ACTIVE')
    const second = await cliJson(t, ['create-table', ...of(table)])
    assert.deepEqual([second.code, second.results], [0, [{ table: table.tableName, created: false }]])
    assert.deepEqual(await table.items(), [])
    const persistence = DynamoDbPersistence(table.config({ skipCreateTable: true }))
    await persistence.storeUpdate('doc', keystrokes(1)[0])
    await persistence.close()
  })

  test('leaves a table with other keys alone', async t => {
    const table = sharedTable(t)
    await table.create({ ydocname: 'S', ykeysort: 'S' })
    const { code, failures } = await cliJson(t, ['create-table', ...of(table)])
    assert.deepEqual([code, failures[0].code], [1, 'ERR_TABLE'])
  })
})

describe('compact', () => {
  test('makes one set of each document, and drops no deleted content unless told to', async t => {
    const typed = updatesOf(1, doc => {
      doc.getText('text').insert(0, 'to be deleted')
      doc.getText('text').delete(0, 13)
    })
    const table = await filledTable(t, { a: keystrokes(5), b: typed }, { c: { k: 1 } })
    const { code, results } = await cliJson(t, ['compact', '--all', ...of(table)])
    assert.equal(code, 0)
    const found = byName(results)
    assert.deepEqual(
      [found.a.clock, found.a.changed, found.a.itemsBefore, found.a.itemsAfter],
      [5, true, 5, 2]
    )
    assert.deepEqual([found.b.clock, Object.keys(found).length], [typed.length, 2])
    const bytesOf = async name =>
      Buffer.concat((await table.items(name)).map(({ value }) => value)).toString('latin1')
    assert.match(await bytesOf('b'), /to be deleted/)
    assert.equal((await table.items('a')).length, 3)
    const collected = await cliJson(t, ['compact', 'b', '--gc', ...of(table)])
    assert.equal(collected.code, 0)
    const more = DynamoDbPersistence(table.config())
    await more.storeUpdate('b', keystrokes(1, { clientID: 2 })[0])
    await more.close()
    await cli(t, ['compact', 'b', '--gc', ...of(table)])
    assert.doesNotMatch(await bytesOf('b'), /to be deleted/)
  })

  test('writes nothing where nothing is merged, and says so', async t => {
    const table = await filledTable(t, { a: keystrokes(1), b: keystrokes(1) }, { c: { k: 1 } })
    const before = await table.items()
    const { code, results } = await cliJson(t, ['compact', '--all', ...of(table)])
    assert.deepEqual([code, results.map(({ changed }) => changed)], [0, [false, false]])
    const asText = await cli(t, ['compact', '--all', ...of(table)])
    assert.equal(asText.stdout, '0 documents compacted; 2 had nothing to merge; 0 WCU used\n')
    const one = await cli(t, ['compact', 'a', ...of(table)])
    assert.equal(one.stdout, '0 documents compacted; 1 had nothing to merge; 0 WCU used\n')
    assert.deepEqual(await table.items(), before)
  })

  test('says what it merged, and what that cost', async t => {
    const updates = keystrokes(3)
    const table = await filledTable(t, { plain: keystrokes(1), typed: updates })
    const bytes = updates.reduce((sum, { length }) => sum + length, 0)
    const { stdout } = await cli(t, ['compact', '--all', ...of(table)])
    const change = `3 items became 2, ${bytes} bytes became \\d+`
    assert.match(
      stdout,
      new RegExp(
        `^typed: ${change}\n1 document compacted: ${change}; 1 had nothing to merge; [1-9]\\d* WCU used\n$`
      )
    )
  })

  test('ends with 1 for a document that is not there', async t => {
    const table = await filledTable(t, {})
    const { code, failures } = await cliJson(t, ['compact', 'a', ...of(table)])
    assert.deepEqual([code, failures[0].code], [1, 'ERR_NOT_FOUND'])
  })
})
