/** `create-table` is idempotent and changes no existing table. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { DynamoDbPersistence } from '../support/dynamodb.mjs'
import { keystrokes } from '../support/documents.mjs'
import { cliJson, sharedTable, tableArgs } from './support/cli.mjs'

describe('create-table', () => {
  test('creates a table that is ready to use, and the second time reports that it exists', async t => {
    const table = sharedTable(t)
    const first = await cliJson(t, ['create-table', ...tableArgs(table)])
    assert.deepEqual([first.code, first.results], [0, [{ table: table.tableName, created: true }]])
    const { Table } = await table.request('DescribeTable', {})
    assert.equal(Table.TableStatus, 'ACTIVE')
    const second = await cliJson(t, ['create-table', ...tableArgs(table)])
    assert.deepEqual([second.code, second.results], [0, [{ table: table.tableName, created: false }]])
    assert.deepEqual(await table.items(), [])
    const persistence = DynamoDbPersistence(table.config({ skipCreateTable: true }))
    await persistence.storeUpdate('doc', keystrokes(1)[0])
    await persistence.close()
  })

  test('does not change a table with other keys', async t => {
    const table = sharedTable(t)
    await table.create({ ydocname: 'S', ykeysort: 'S' })
    const { code, failures } = await cliJson(t, ['create-table', ...tableArgs(table)])
    assert.deepEqual([code, failures[0].code], [1, 'ERR_TABLE'])
  })
})
