/** `verify` finds every kind of damage that the test makes, and `repair` moves it without losing a byte. */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { describe, test } from 'node:test'
import { encodeAny } from 'lib0/buffer'
import { DynamoDbPersistence, TestTable } from '../support/dynamodb.mjs'
import { readSortKey, sortKey, varuint } from '../support/format.mjs'
import { ProxiedTable, deny, loseResponse } from '../support/proxy.mjs'
import { Y, bigUpdate, docOf, keystrokes, textOf } from '../support/documents.mjs'
import { byName, cli, cliJson, filledTable, folder, tableArgs } from './support/cli.mjs'

const HOUR_MS = 3_600_000
const updates = keystrokes(6)
const garbage = Buffer.from('no update')
const keyOf = (doc, ...elements) => sortKey(['v1', doc, ...elements])
const key = (...elements) => keyOf('doc', ...elements)
const headOf = ({ parts, at = Date.now(), sealed = true }) => ({
  value: Buffer.of(0, 0),
  parts: { N: `${parts}` },
  at: { N: `${at}` },
  sealed: { BOOL: sealed }
})

/** Kinds of damage: the finding, and the items that cause it. */
const DAMAGE = {
  'an item that is not an update': ['corrupt-update', key => [{ key: key('update', 90), value: garbage }]],
  'an invalid key': [
    'corrupt-update',
    key => [{ key: Buffer.concat([key('update'), garbage]), value: updates[0] }]
  ],
  'a set that is not an update': [
    'corrupt-update',
    key => [
      { key: key('update', 91, 1, 2), ...headOf({ parts: 1 }) },
      { key: key('update', 91, 1, 2, 0), value: garbage }
    ]
  ],
  'an invalid meta': ['corrupt-meta', key => [{ key: key('meta', 'k'), value: Buffer.of(115, 1) }]],
  'a set that lacks parts': [
    'incomplete-set',
    key => [
      { key: key('update', 92, 1, 2), ...headOf({ parts: 3 }) },
      { key: key('update', 92, 1, 2, 1), value: garbage }
    ]
  ],
  'a head that has lost its attributes': [
    'damaged-head',
    key => [
      { key: key('update', 93, 1, 2), value: Buffer.of(0, 0) },
      { key: key('update', 93, 1, 2, 0), value: updates[5] }
    ]
  ],
  'parts without a head': [
    'orphan-parts',
    key => [
      { key: key('update', 94, 1, 2, 0), value: updates[5] },
      { key: key('update', 94, 1, 2, 1), value: garbage }
    ]
  ],
  'a set of an interrupted write': [
    'unsealed-set',
    key => [
      { key: key('update', 95, 1, 2), ...headOf({ parts: 1, at: Date.now() - 2 * HOUR_MS, sealed: false }) }
    ]
  ]
}
const DAMAGED = Object.keys(DAMAGE)

const wrongs = findings => findings.map(({ wrong }) => wrong)

async function readable(table, name = 'doc') {
  const persistence = DynamoDbPersistence(table.config({ skipCreateTable: true }))
  const found = { text: textOf(await persistence.getYDoc(name)), metas: await persistence.getMetas(name) }
  await persistence.close()
  return found
}

/** A document for each kind of damage and one without; and the damaged items. */
async function damagedTable(t) {
  const names = [...DAMAGED, 'undamaged']
  const each = value => Object.fromEntries(names.map(name => [name, value]))
  const table = await filledTable(t, each(updates), each({ fine: 1 }))
  const planted = {}
  for (const [name, [, itemsOf]] of Object.entries(DAMAGE)) {
    planted[name] = itemsOf((...elements) => keyOf(name, ...elements))
    for (const item of planted[name]) await table.put({ doc: name, ...item })
  }
  return { table, planted }
}

describe('damaged items', () => {
  test('are reported by verify, and by repair without --apply, which change nothing', async t => {
    const { table, planted } = await damagedTable(t)
    const before = await table.items()
    const found = await cliJson(t, ['verify', '--all', ...tableArgs(table)])
    const dry = await cliJson(t, ['repair', '--all', ...tableArgs(table)])
    assert.deepEqual([found.code, found.stderr, dry.code, dry.stderr], [1, '', 1, ''])
    assert.deepEqual(await table.items(), before)
    for (const name of DAMAGED) {
      const [finding, ...others] = byName(found.results)[name].findings
      assert.deepEqual(
        [finding.wrong, finding.items, others],
        [DAMAGE[name][0], planted[name].length, []],
        name
      )
      assert(finding.place.startsWith(`['v1', '${name}', `), finding.place)
      assert.deepEqual(wrongs(byName(dry.results)[name].left), [finding.wrong])
    }
    assert.deepEqual(byName(found.results).undamaged.findings, [])
  })

  test('are moved completely by repair --apply; then all documents are readable, and a clear deletes the quarantine too', async t => {
    const { table, planted } = await damagedTable(t)
    const before = await table.items()
    const applied = await cliJson(t, ['repair', '--all', '--apply', ...tableArgs(table)])
    assert.deepEqual([applied.code, applied.stderr], [0, ''])
    const clean = await cliJson(t, ['verify', '--all', ...tableArgs(table)])
    assert.deepEqual([clean.code, clean.results.flatMap(({ findings }) => findings)], [0, []])
    const after = await table.items()
    assert.equal(after.length, before.length, 'nothing leaves the table')
    const files = folder(t)
    const extracted = await cliJson(t, ['repair', '--all', '--extract', files, ...tableArgs(table)])
    assert.equal(extracted.code, 0)
    for (const name of DAMAGED) {
      const { findings, left } = byName(applied.results)[name]
      assert.deepEqual([findings.map(({ outcome }) => outcome), left], [['moved'], []], name)
      const kept = after.filter(({ doc, key }) => doc === name && readSortKey(key.subarray(0, 4))[0] === 'q0')
      const wrong = before.filter(
        ({ doc, key }) => doc === name && planted[name].some(item => key.equals(item.key))
      )
      assert.deepEqual(
        kept.map(({ value, attributes }) => [value, attributes]),
        wrong.map(({ value, attributes }) => [value, attributes])
      )
      const copies = extracted.results
        .filter(result => result.name === name)
        .map(({ file }) => fs.readFileSync(file))
      assert.deepEqual(
        copies,
        wrong.map(({ value }) => value)
      )
      const { text, metas } = await readable(table, name)
      assert.deepEqual([text, metas.get('fine')], ['abcdef', 1])
    }
    const persistence = DynamoDbPersistence(table.config())
    for (const name of DAMAGED) await persistence.clearDocument(name)
    await persistence.close()
    assert.deepEqual([...new Set((await table.items()).map(({ doc }) => doc))], ['undamaged'])
  })
})

describe('verify', () => {
  test('finds nothing in an undamaged table', async t => {
    const table = await filledTable(
      t,
      { 'doc': updates, 'big': [bigUpdate(900_000)], 'ünï/ø': updates },
      { big: { k: { deep: [1n] } } }
    )
    await cli(t, ['compact', 'doc', ...tableArgs(table)])
    const { code, results } = await cliJson(t, ['verify', '--all', ...tableArgs(table)])
    assert.equal(code, 0)
    assert.deepEqual(
      results.flatMap(({ findings }) => findings),
      []
    )
    assert.equal(
      results.reduce((sum, { items }) => sum + items, 0),
      (await table.items()).length
    )
    const { stdout } = await cli(t, ['verify', '--all', ...tableArgs(table)])
    assert.match(stdout, /^3 documents, \d+ items, 0 findings\n$/)
  })

  test('finds losses of the original package: gaps in its log, a state vector that is ahead, pending updates', async t => {
    const table = await filledTable(t, {})
    const lost = [2, 3]
    for (const [i, value] of updates.entries()) {
      if (!lost.includes(i)) await table.put({ doc: 'doc', key: key('update', i), value })
    }
    const claimed = Y.encodeStateVector(docOf(updates))
    await table.put({
      doc: 'doc',
      key: sortKey(['v1_sv', 'doc']),
      value: Buffer.concat([varuint(5), varuint(claimed.length), claimed])
    })
    const before = await table.items()
    const { code, results } = await cliJson(t, ['verify', 'doc', ...tableArgs(table)])
    assert.equal(code, 1)
    assert.deepEqual(wrongs(results[0].findings), ['clock-gap', 'state-vector-ahead', 'pending'])
    assert.match(results[0].findings[2].detail, /client 1 up to clock 3/)
    // None of these has items that could be moved.
    const repaired = await cliJson(t, ['repair', 'doc', '--apply', ...tableArgs(table)])
    assert.equal(repaired.code, 1)
    assert.deepEqual(wrongs(repaired.results[0].left), wrongs(results[0].findings))
    assert.deepEqual(await table.items(), before)
    // Once the lost updates are imported, the pending ones are complete.
    const file = path.join(folder(t), 'doc.yjs')
    fs.writeFileSync(file, Y.mergeUpdates(lost.map(i => updates[i])))
    assert.equal((await cli(t, ['import', file, ...tableArgs(table)])).code, 0)
    assert.deepEqual(wrongs((await cliJson(t, ['verify', 'doc', ...tableArgs(table)])).results[0].findings), [
      'clock-gap'
    ])
    assert.equal((await readable(table)).text, 'abcdef')
    assert.equal((await cli(t, ['compact', 'doc', ...tableArgs(table)])).code, 0)
    assert.equal((await cli(t, ['verify', 'doc', ...tableArgs(table)])).code, 0)
  })

  test('finds an invalid state vector item', async t => {
    const table = await filledTable(t, { doc: updates })
    for (const value of [Buffer.of(5), Buffer.of(0, 1, 9), Buffer.of(0, 3, 1, 1)]) {
      await table.put({ doc: 'doc', key: sortKey(['v1_sv', 'doc']), value })
      const { code, results } = await cliJson(t, ['verify', 'doc', ...tableArgs(table)])
      assert.deepEqual([code, wrongs(results[0].findings)], [1, ['corrupt-state-vector']])
    }
    // A compaction replaces it.
    await cli(t, ['compact', 'doc', ...tableArgs(table)])
    assert.equal((await cli(t, ['verify', 'doc', ...tableArgs(table)])).code, 0)
  })

  test('reports a set that may still be being written, but not as damage', async t => {
    const table = await filledTable(t, { doc: updates })
    await table.put({ doc: 'doc', key: key('update', 9, 1, 2), ...headOf({ parts: 2, sealed: false }) })
    await table.put({ doc: 'doc', key: key('update', 9, 1, 2, 0), value: garbage })
    const { code, results } = await cliJson(t, ['verify', 'doc', ...tableArgs(table)])
    assert.deepEqual([code, wrongs(results[0].findings)], [0, ['unsealed-yet']])
    const before = await table.items()
    assert.equal((await cli(t, ['repair', 'doc', '--apply', ...tableArgs(table)])).code, 0)
    assert.deepEqual(await table.items(), before)
  })
})

describe('repair', () => {
  test('moves an item byte for byte, with attributes of any name and type', async t => {
    const table = await filledTable(t, { doc: updates })
    const attributes = {
      at: { S: 'not a time' },
      theirs: { M: { deep: { L: [{ NULL: true }, { N: '1.5' }] } } },
      set: { SS: ['a', 'b'] }
    }
    await table.put({ doc: 'doc', key: key('update', 9), value: garbage, ...attributes })
    await table.request('PutItem', {
      Item: {
        ydocname: { S: 'doc' },
        ykeysort: { B: key('update', 10).toString('base64') },
        value: { S: 'a string' }
      }
    })
    const { code } = await cliJson(t, ['repair', 'doc', '--apply', ...tableArgs(table)])
    assert.equal(code, 0)
    const kept = (await table.request('Scan', {})).Items.map(({ ydocname, ykeysort, ...rest }) => ({
      key: readSortKey(Buffer.from(ykeysort.B, 'base64')),
      rest
    })).filter(({ key }) => key[0] === 'q0')
    assert.deepEqual(kept, [
      { key: ['q0', 'doc', 'update', 9], rest: { value: { B: garbage.toString('base64') }, ...attributes } },
      { key: ['q0', 'doc', 'update', 10], rest: { value: { S: 'a string' } } }
    ])
    // A value that is not binary stays in the table, and is reported.
    const { code: extracted, results } = await cliJson(t, [
      'repair',
      'doc',
      '--extract',
      folder(t),
      ...tableArgs(table)
    ])
    assert.deepEqual([extracted, results.map(({ file }) => file === null)], [1, [false, true]])
  })

  test('deletes nothing while copies fail, and loses nothing if a response is lost', async t => {
    const behind = new TestTable()
    await behind.create()
    for (const [i, value] of updates.entries()) await behind.put({ doc: 'doc', key: key('update', i), value })
    const itemsOf = DAMAGE['a set that lacks parts'][1]
    for (const item of itemsOf(key)) await behind.put({ doc: 'doc', ...item })
    const table = await ProxiedTable.before(t, behind)
    const before = await behind.items()
    const repair = ['repair', 'doc', '--apply', ...tableArgs(table)]
    table.rule(({ operation }) => (operation === 'PutItem' ? deny : undefined))
    const denied = await cliJson(t, repair)
    assert.deepEqual([denied.code, denied.failures[0].code], [1, 'ERR_ACCESS'])
    assert.deepEqual(await behind.items(), before)
    // Copies were written, and nothing was deleted: the next repair continues.
    table.rule(({ operation }) => (operation === 'DeleteItem' ? deny : undefined))
    assert.equal((await cliJson(t, repair)).code, 1)
    assert.equal((await behind.items()).length, before.length + 2)
    const lost = new Set()
    table.rule(({ operation }) => {
      if (!['PutItem', 'DeleteItem'].includes(operation) || lost.has(operation)) return undefined
      lost.add(operation)
      return loseResponse
    })
    const repaired = await cliJson(t, repair)
    assert.deepEqual([repaired.code, repaired.results[0].left], [0, []], repaired.stderr)
    assert.deepEqual([...lost], ['PutItem', 'DeleteItem'])
    const after = await behind.items()
    assert.equal(after.length, before.length)
    assert.equal(after.filter(({ key }) => readSortKey(key.subarray(0, 4))[0] === 'q0').length, 2)
  })

  test('extract and import restore what can be saved of a set', async t => {
    const table = await filledTable(t, { doc: updates.slice(0, 3) })
    const rest = Y.mergeUpdates(updates.slice(3))
    for (const item of [
      { key: key('update', 93, 1, 2), value: Buffer.of(0, 0) },
      { key: key('update', 93, 1, 2, 0), value: rest.slice(0, 10) },
      { key: key('update', 93, 1, 2, 1), value: rest.slice(10) }
    ])
      await table.put({ doc: 'doc', ...item })
    await cli(t, ['repair', '--all', '--apply', ...tableArgs(table)])
    const files = folder(t)
    const { results } = await cliJson(t, ['repair', '--all', '--extract', files, ...tableArgs(table)])
    assert.deepEqual(
      results.map(({ from }) => from.split(', ').length),
      [6, 7, 7]
    )
    const whole = path.join(files, 'whole.yjs')
    fs.writeFileSync(whole, Buffer.concat(results.slice(1).map(({ file }) => fs.readFileSync(file))))
    assert.equal((await cli(t, ['import', whole, '--name', 'doc', ...tableArgs(table)])).code, 0)
    assert.equal((await readable(table)).text, 'abcdef')
  })

  test('of all documents prints what it would do for each', async t => {
    const table = await filledTable(t, { doc: updates }, { other: { m: 1 } })
    await table.put({ doc: 'doc', key: key('update', 90), value: garbage })
    await table.put({
      doc: 'other',
      key: sortKey(['v1', 'other', 'meta', 'm']),
      value: Buffer.from(encodeAny('x')).subarray(0, 2)
    })
    const dry = await cli(t, ['repair', '--all', ...tableArgs(table)])
    assert.equal(dry.code, 1)
    assert.match(dry.stdout, /^doc: corrupt-update at \['v1', 'doc', 'update', 90\]: /m)
    assert.match(dry.stdout, /^other: corrupt-meta at \['v1', 'other', 'meta', 'm'\]: /m)
    assert.match(dry.stdout, /2 documents, 2 items would be moved.*--apply/)
    const applied = await cli(t, ['repair', '--all', '--apply', ...tableArgs(table)])
    assert.equal(applied.code, 0)
    assert.match(applied.stdout, /2 documents, 2 items moved to the quarantine/)
    // A document of which only the quarantine is left is still listed, and goes with a clear of all.
    assert.deepEqual((await cliJson(t, ['ls', ...tableArgs(table)])).results.map(({ name }) => name).sort(), [
      'doc',
      'other'
    ])
    const persistence = DynamoDbPersistence(table.config())
    await persistence.clearAll()
    await persistence.close()
    assert.deepEqual(await table.items(), [])
  })
})
