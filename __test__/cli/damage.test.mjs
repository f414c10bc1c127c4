/** Documents with damaged sets in `migrate`, `export`, `verify` and `repair`: nothing incomplete is copied silently. */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { describe, test } from 'node:test'
import { DynamoDbPersistence } from '../support/dynamodb.mjs'
import { sortKey } from '../support/format.mjs'
import { keystrokes } from '../support/documents.mjs'
import { cli, cliJson, emptyTable, filledTable, folder, tableArgs } from './support/cli.mjs'

const [update] = keystrokes(1)
const keyOf = (doc, ...elements) => sortKey(['v1', doc, 'update', 5, 1, 2, ...elements])

/** Two documents that only have a damaged set: a head without attributes, and a set that lacks a part. */
async function plantSets(table) {
  const sealed = { parts: { N: '2' }, at: { N: '1' }, sealed: { BOOL: true } }
  await table.put({ doc: 'letter', key: keyOf('letter'), value: Buffer.of(0, 0) })
  await table.put({ doc: 'letter', key: keyOf('letter', 0), value: update })
  await table.put({ doc: 'incomplete', key: keyOf('incomplete'), value: Buffer.of(0, 0), ...sealed })
  await table.put({ doc: 'incomplete', key: keyOf('incomplete', 0), value: update })
}

async function damagedTable(t) {
  const table = await filledTable(t, { undamaged: [update] })
  await plantSets(table)
  return table
}

const from = table => ['--from', `dynamodb:${table.tableName}`, '--from-endpoint', table.endpoint]
const corrupt = failures => failures.map(({ code, docName }) => [code, docName]).sort()
const BOTH = [
  ['ERR_CORRUPT', 'incomplete'],
  ['ERR_CORRUPT', 'letter']
]

describe('a document with damaged sets', () => {
  test('is refused by migrate and export before a repair', async t => {
    const table = await damagedTable(t)
    const target = await emptyTable(t)
    const moved = await cliJson(t, ['migrate', ...from(table), ...tableArgs(target)])
    assert.deepEqual(
      [moved.code, moved.results.map(({ name }) => name), corrupt(moved.failures)],
      [1, ['undamaged'], BOTH]
    )
    assert.deepEqual([...new Set((await target.items()).map(({ doc }) => doc))], ['undamaged'])
    const files = folder(t)
    const exported = await cliJson(t, ['export', '--all', files, ...tableArgs(table)])
    assert.deepEqual([exported.code, corrupt(exported.failures)], [1, BOTH])
    assert.deepEqual(fs.readdirSync(files).sort(), ['undamaged.json', 'undamaged.yjs'])
    const one = await cliJson(t, ['export', 'letter', files, ...tableArgs(table)])
    assert.deepEqual([one.code, one.failures[0].code], [1, 'ERR_CORRUPT'])
  })

  test('has nothing to copy after a repair, and the output names its items in quarantine', async t => {
    const table = await damagedTable(t)
    await cli(t, ['repair', '--all', '--apply', ...tableArgs(table)])
    const target = await emptyTable(t)
    const quarantined = { undamaged: 0, letter: 2, incomplete: 2 }
    const byName = results => Object.fromEntries(results.map(({ name, quarantined }) => [name, quarantined]))
    const moved = await cliJson(t, ['migrate', ...from(table), ...tableArgs(target)])
    assert.deepEqual([moved.code, byName(moved.results)], [0, quarantined])
    const exported = await cliJson(t, ['export', '--all', folder(t), ...tableArgs(table)])
    assert.deepEqual([exported.code, byName(exported.results)], [0, quarantined])
    const inText = await cli(t, ['migrate', ...from(table), ...tableArgs(target)])
    assert.match(inText.stdout, /^letter: nothing to store$\n^letter: 2 items in quarantine/m)
    assert.match(inText.stdout, /^undamaged: already in the table$/m)
    assert.doesNotMatch(inText.stdout, /(letter|incomplete): already/)
    const named = await cliJson(t, ['export', 'letter', folder(t), ...tableArgs(table)])
    assert.deepEqual([named.code, named.failures[0].code], [1, 'ERR_NOT_FOUND'])
  })
})

test('verify and repair exit with 1 for a missing document', async t => {
  const table = await filledTable(t, { letter: [update] })
  const calls = [['verify'], ['repair'], ['repair', '--apply'], ['repair', '--extract', folder(t)]]
  for (const [command, ...options] of calls) {
    const missing = await cliJson(t, [command, 'lettre', ...options, ...tableArgs(table)])
    assert.deepEqual(
      [missing.code, missing.results, missing.failures[0].code],
      [1, [], 'ERR_NOT_FOUND'],
      options[0]
    )
    const asText = await cli(t, [command, 'lettre', ...options, ...tableArgs(table)])
    assert.match(asText.stdout, /^0 [^\n]+, 1 failed\n$/)
    const there = await cliJson(t, [command, 'letter', ...options, ...tableArgs(table)])
    assert.deepEqual([there.code, there.failures], [0, []], options[0])
  }
})

test('an export of a document without updates deletes the update file of an earlier export', async t => {
  const table = await filledTable(t, { doc: [update] }, { doc: { k: 1 } })
  const files = folder(t)
  assert.equal((await cli(t, ['export', '--all', files, ...tableArgs(table)])).code, 0)
  assert(fs.existsSync(path.join(files, 'doc.yjs')))
  const persistence = DynamoDbPersistence(table.config())
  await persistence.clearDocument('doc')
  await persistence.setMeta('doc', 'k', 2)
  await persistence.close()
  assert.equal((await cli(t, ['export', '--all', files, ...tableArgs(table)])).code, 0)
  assert.deepEqual(fs.readdirSync(files), ['doc.json'])
})
