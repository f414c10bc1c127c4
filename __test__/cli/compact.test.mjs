/** `compact`: the items that it leaves, and the numbers that it prints. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { DynamoDbPersistence } from '../support/dynamodb.mjs'
import { keystrokes, updatesOf } from '../support/documents.mjs'
import { byName, cli, cliJson, filledTable, tableArgs } from './support/cli.mjs'

describe('compact', () => {
  test('merges each document into one set, and drops deleted content only with --gc', async t => {
    const typed = updatesOf(1, doc => {
      doc.getText('text').insert(0, 'to be deleted')
      doc.getText('text').delete(0, 13)
    })
    const table = await filledTable(t, { a: keystrokes(5), b: typed }, { c: { k: 1 } })
    const { code, results } = await cliJson(t, ['compact', '--all', ...tableArgs(table)])
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
    const collected = await cliJson(t, ['compact', 'b', '--gc', ...tableArgs(table)])
    assert.equal(collected.code, 0)
    const more = DynamoDbPersistence(table.config())
    await more.storeUpdate('b', keystrokes(1, { clientID: 2 })[0])
    await more.close()
    await cli(t, ['compact', 'b', '--gc', ...tableArgs(table)])
    assert.doesNotMatch(await bytesOf('b'), /to be deleted/)
  })

  test('writes nothing if nothing is merged, and reports that', async t => {
    const table = await filledTable(t, { a: keystrokes(1), b: keystrokes(1) }, { c: { k: 1 } })
    const before = await table.items()
    const { code, results } = await cliJson(t, ['compact', '--all', ...tableArgs(table)])
    assert.deepEqual([code, results.map(({ changed }) => changed)], [0, [false, false]])
    const asText = await cli(t, ['compact', '--all', ...tableArgs(table)])
    assert.equal(asText.stdout, '0 documents compacted; 2 had nothing to merge; 0 WCU used\n')
    const one = await cli(t, ['compact', 'a', ...tableArgs(table)])
    assert.equal(one.stdout, '0 documents compacted; 1 had nothing to merge; 0 WCU used\n')
    assert.deepEqual(await table.items(), before)
  })

  test('reports what it merged, and the cost', async t => {
    const updates = keystrokes(3)
    const table = await filledTable(t, { plain: keystrokes(1), typed: updates })
    const bytes = updates.reduce((sum, { length }) => sum + length, 0)
    const { stdout } = await cli(t, ['compact', '--all', ...tableArgs(table)])
    const change = `3 items became 2, ${bytes} bytes became \\d+`
    assert.match(
      stdout,
      new RegExp(
        `^typed: ${change}\n1 document compacted: ${change}; 1 had nothing to merge; [1-9]\\d* WCU used\n$`
      )
    )
  })

  test('exits with 1 for a missing document', async t => {
    const table = await filledTable(t, {})
    const { code, failures } = await cliJson(t, ['compact', 'a', ...tableArgs(table)])
    assert.deepEqual([code, failures[0].code], [1, 'ERR_NOT_FOUND'])
  })
})
