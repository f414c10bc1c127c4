/** The bytes on docs/FORMAT.md, compared with those of an encoder of the tests and of a table. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bigUpdate } from '../support/documents.mjs'
import { TestTable } from '../support/dynamodb.mjs'
import { readSortKey, sortKey, varuint } from '../support/format.mjs'
import { readPage } from '../../scripts/markdown.mjs'

const { blocks } = readPage('docs/FORMAT.md')
const bytesOf = subject => blocks.find(({ mark }) => mark?.kind === 'bytes' && mark.subject === subject).text

test('every block of bytes is checked here', () => {
  const subjects = blocks.filter(({ mark }) => mark?.kind === 'bytes').map(({ mark }) => mark.subject)
  assert.deepEqual(subjects, ['varuint', 'sort key', 'set'])
})

test('the varuints of the page are those of the format', () => {
  const shown = [...bytesOf('varuint').matchAll(/(\d+) → ((?:[0-9a-f]{2}\b ?)+)/g)]
  assert.equal(shown.length, 4)
  for (const [, number, hex] of shown)
    assert.equal(varuint(Number(number)).toString('hex'), hex.replaceAll(' ', ''), number)
})

test('the sort key of the page is that of the document it names', () => {
  const [hex] = bytesOf('sort key').split('\n')
  assert.equal(
    hex.replaceAll(' ', ''),
    sortKey(['v1', 'a', 'update', 5, 0x11223344, 0x55667788]).toString('hex')
  )
})

test('a set in a table has the items and attributes that the page shows', async t => {
  const table = new TestTable()
  await table.open(t).storeUpdate('doc', bigUpdate(500_000))
  const [head, part, ...others] = await table.items('doc')
  assert.equal(others.length, 1)

  const [shownHead, shownPart] = bytesOf('set').split('\n\n')
  const attributes = [...shownHead.matchAll(/^ {8}(\w+) +(N|BOOL|B) /gm)].map(([, name, type]) => [
    name,
    type
  ])
  assert.deepEqual(
    attributes.map(([name]) => name),
    ['parts', 'at', 'sealed', 'compacted', 'sv']
  )
  for (const [name, type] of attributes) {
    // Only the result of a compaction has the last two.
    if (name !== 'compacted' && name !== 'sv')
      assert.deepEqual(Object.keys(head.attributes[name]), [type], name)
  }
  assert.match(shownHead, /^ +value +00 00 /m)
  assert.deepEqual([...head.value], [0, 0])
  assert.equal(part.value.length, Number(/first ([\d,]+) bytes/.exec(shownPart)[1].replaceAll(',', '')))
  assert.equal(readSortKey(head.key).length, 6)
  assert.deepEqual(readSortKey(part.key), [...readSortKey(head.key), 0])
})
