/** The database in a file: several persistences at once, and the files that are left after the last close. */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { cli, tableArgs } from '../cli/support/cli.mjs'
import { keystrokes, textOf } from '../support/documents.mjs'
import { DynamoDbPersistence, TestTable, onceOnly } from '../support/dynamodb.mjs'

/** A file in a new folder, which is deleted when the test ends. */
function newFile(t) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'y-dynamodb-file-'))
  t.after(() => fs.rmSync(folder, { recursive: true, force: true }))
  return path.join(folder, 'docs.db')
}

const tableIn = file => new TestTable({ endpoint: `file:${file}`, tableName: 'docs' })
const filesBeside = file => fs.readdirSync(path.dirname(file)).sort()

test('the last close leaves one file with all content', onceOnly, async t => {
  const file = newFile(t)
  const [one, other] = [tableIn(file), tableIn(file)].map(table => DynamoDbPersistence(table.config()))
  for (const update of keystrokes(20)) await one.storeUpdate('letter', update)
  await one.close()
  assert.equal(textOf(await other.getYDoc('letter')).length, 20)
  await other.close()
  assert.deepEqual(filesBeside(file), ['docs.db'])

  const copy = path.join(path.dirname(file), 'copy.db')
  fs.copyFileSync(file, copy)
  for (const each of [copy, file]) {
    const persistence = DynamoDbPersistence(tableIn(each).config())
    assert.equal(textOf(await persistence.getYDoc('letter')).length, 20)
    await persistence.close()
  }
  assert.deepEqual(filesBeside(file), ['copy.db', 'docs.db'])
})

test('close aborts a compaction and closes the file', onceOnly, async t => {
  const file = newFile(t)
  const persistence = DynamoDbPersistence(tableIn(file).config({ compactionItems: 5 }))
  for (const update of keystrokes(50)) await persistence.storeUpdate('letter', update)
  await persistence.close()
  assert.deepEqual(filesBeside(file), ['docs.db'])
})

test('a persistence that is closed at once closes the file', onceOnly, async t => {
  const file = newFile(t)
  for (let n = 0; n < 10; n++) {
    await DynamoDbPersistence(tableIn(file).config()).close()
    assert.deepEqual(
      filesBeside(file).filter(name => name !== 'docs.db'),
      []
    )
  }
})

test('the command line closes the file', onceOnly, async t => {
  const file = newFile(t)
  const table = tableIn(file)
  assert.equal((await cli(t, ['create-table', ...tableArgs(table)])).code, 0)
  assert.deepEqual(filesBeside(file), ['docs.db'])
  const persistence = DynamoDbPersistence(table.config())
  await persistence.storeUpdate('letter', keystrokes(1)[0])
  await persistence.close()
  for (const command of [['ls'], ['show', 'letter'], ['compact', 'letter']]) {
    const { code, stderr } = await cli(t, [...command, ...tableArgs(table)])
    assert.equal(code, 0, stderr)
    assert.deepEqual(filesBeside(file), ['docs.db'], command[0])
  }
})
