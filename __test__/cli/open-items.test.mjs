/**
 * Every command on a table with open items: what it shows and copies is exact, and what it deletes is the version that it read.
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { DynamoDbPersistence } from '../support/dynamodb.mjs'
import { keystrokes, docOf, textOf } from '../support/documents.mjs'
import { readSortKey, sortKey } from '../support/format.mjs'
import { cli, cliJson, emptyTable, folder, sharedTable, tableArgs } from './support/cli.mjs'

const ours = keystrokes(20)
const theirs = keystrokes(10, { clientID: 2, text: 'XYZ' })
const text = textOf(docOf([...ours, ...theirs]))

const isOpen = ({ attributes }) => attributes.version !== undefined
const wrongs = findings => findings.map(({ wrong }) => wrong)

/** A table with a document of two open items, whose processes are `writers`, and one with a single open item. */
async function openTable(t) {
  const table = sharedTable(t)
  const writers = [ours, theirs].map(() => DynamoDbPersistence(table.config({ compactionItems: 0 })))
  t.after(() => Promise.all(writers.map(writer => writer.close())))
  for (const update of ours) await writers[0].storeUpdate('doc', update)
  for (const update of theirs) await writers[1].storeUpdate('doc', update)
  for (const update of ours) await writers[0].storeUpdate('single', update)
  assert.equal((await table.items('doc')).filter(isOpen).length, 2)
  return { table, writers }
}

async function read(t, table, doc = 'doc') {
  return textOf(await table.open(t, { compactionItems: 0 }).getYDoc(doc))
}

describe('open items', () => {
  test('are shown, counted and verified like other items', async t => {
    const { table } = await openTable(t)
    const before = await table.items()
    const {
      results: [shown]
    } = await cliJson(t, ['show', 'doc', ...tableArgs(table)])
    assert.deepEqual([shown.items, shown.clients, shown.findings, shown.roots[0].text], [2, 2, [], text])
    const verified = await cliJson(t, ['verify', '--all', ...tableArgs(table)])
    assert.deepEqual([verified.code, verified.results.flatMap(({ findings }) => findings)], [0, []])
    const {
      results: [stats]
    } = await cliJson(t, ['stats', ...tableArgs(table)])
    assert.deepEqual([stats.items, stats.sets, stats.remains, stats.original], [3, 0, 0, 0])
    const { code } = await cliJson(t, ['repair', '--all', '--apply', ...tableArgs(table)])
    assert.equal(code, 0)
    assert.deepEqual(await table.items(), before)
  })

  test('are compacted, and their writers go on', async t => {
    const { table, writers } = await openTable(t)
    const { code, results } = await cliJson(t, ['compact', '--all', ...tableArgs(table)])
    assert.equal(code, 0)
    assert.deepEqual(results.map(({ name, changed, itemsBefore }) => [name, changed, itemsBefore]).sort(), [
      ['doc', true, 2],
      ['single', false, 1]
    ])
    assert.deepEqual((await table.items('doc')).filter(isOpen), [])
    const [more] = keystrokes(1, { clientID: 3, text: '!' })
    for (const writer of writers) await writer.storeUpdate('doc', more)
    assert.equal(await read(t, table), textOf(docOf([...ours, ...theirs, more])))
    const open = (await table.items('doc')).filter(isOpen)
    assert.deepEqual(
      open.map(({ value }) => new Uint8Array(value)),
      [more, more],
      'what the compacted items held is not stored again'
    )
  })

  test('a compaction of a single one deletes an invalid state vector item', async t => {
    const { table } = await openTable(t)
    await table.put({ doc: 'single', key: sortKey(['v1_sv', 'single']), value: Buffer.of(5) })
    const before = await cliJson(t, ['verify', 'single', ...tableArgs(table)])
    assert.deepEqual([before.code, wrongs(before.results[0].findings)], [1, ['corrupt-state-vector']])
    await cli(t, ['compact', 'single', ...tableArgs(table)])
    assert.equal((await cli(t, ['verify', 'single', ...tableArgs(table)])).code, 0)
    assert.equal((await table.items('single')).length, 1)
  })

  test('if corrupt, one is quarantined with its version, and its writer opens another', async t => {
    const { table, writers } = await openTable(t)
    const [item] = await table.items('single')
    await table.put({ doc: 'single', key: item.key, value: Buffer.from('no update'), ...item.attributes })
    const found = await cliJson(t, ['verify', 'single', ...tableArgs(table)])
    assert.deepEqual([found.code, wrongs(found.results[0].findings)], [1, ['corrupt-update']])
    assert.equal((await cli(t, ['repair', 'single', '--apply', ...tableArgs(table)])).code, 0)
    const [moved, ...rest] = await table.items('single')
    assert.deepEqual(rest, [])
    assert.deepEqual(readSortKey(moved.key), ['q0', ...readSortKey(item.key).slice(1)])
    assert.deepEqual([moved.value.toString(), moved.attributes], ['no update', item.attributes])
    const [more] = keystrokes(1, { clientID: 3, text: '!' })
    await writers[0].storeUpdate('single', more)
    assert.equal(await read(t, table, 'single'), '!')
    assert.equal((await cli(t, ['verify', 'single', ...tableArgs(table)])).code, 0)
  })

  test('are exported and imported exactly, also into a document with an open item', async t => {
    const { table, writers } = await openTable(t)
    const files = folder(t)
    assert.equal((await cli(t, ['export', '--all', files, ...tableArgs(table)])).code, 0)
    const target = await emptyTable(t)
    assert.equal((await cli(t, ['import', files, ...tableArgs(target)])).code, 0)
    assert.equal(await read(t, target), text)
    assert.equal((await cli(t, ['import', files, ...tableArgs(table)])).code, 0)
    const more = keystrokes(1, { clientID: 3, text: '!' })
    for (const writer of writers) await writer.storeUpdate('doc', more[0])
    assert.equal(await read(t, table), textOf(docOf([...ours, ...theirs, ...more])))
  })
})
