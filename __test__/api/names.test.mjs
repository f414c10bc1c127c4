/** The limits of document names and meta keys: names that are too long or malformed cause no request, all others work. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { TestTable } from '../support/dynamodb.mjs'
import { rejectsWith } from '../support/errors.mjs'
import { sortKey } from '../support/format.mjs'
import { keystrokes, textOf } from '../support/documents.mjs'
import { recorder } from '../support/proxy.mjs'

const WRONG = {
  'an empty name': '',
  'a name of 1,005 bytes': 'x'.repeat(1005),
  'a name of 503 two-byte characters': 'é'.repeat(503),
  'a lone high surrogate': 'a\ud800b',
  'a lone low surrogate': '\udc00',
  'a number': 7,
  undefined,
  'null': null,
  'a String object': Object('doc')
}
const [update] = keystrokes(1)

const CALLS = {
  getYDoc: (persistence, name) => persistence.getYDoc(name),
  storeUpdate: (persistence, name) => persistence.storeUpdate(name, update),
  getStateVector: (persistence, name) => persistence.getStateVector(name),
  getDiff: (persistence, name) => persistence.getDiff(name),
  clearDocument: (persistence, name) => persistence.clearDocument(name),
  flushDocument: (persistence, name) => persistence.flushDocument(name),
  setMeta: (persistence, name) => persistence.setMeta(name, 'key', 1),
  getMeta: (persistence, name) => persistence.getMeta(name, 'key'),
  getMetas: (persistence, name) => persistence.getMetas(name),
  delMeta: (persistence, name) => persistence.delMeta(name, 'key')
}

describe('an invalid document name is refused without a request', () => {
  for (const [what, name] of Object.entries(WRONG)) {
    test(what, async t => {
      const table = await recorder(t, new TestTable())
      const persistence = table.open(t, { skipCreateTable: true })
      for (const call of Object.values(CALLS))
        await rejectsWith('ERR_INVALID_ARGUMENT', call(persistence, name))
      assert.deepEqual(table.requests, [])
    })
  }
})

test('the message states one limit, whatever the call and the length', async t => {
  const persistence = new TestTable().open(t)
  const long = await rejectsWith('ERR_INVALID_ARGUMENT', persistence.storeUpdate('x'.repeat(990), update))
  assert.match(long.message, /990/)
  assert.match(long.message, /989/)
  for (const length of [1_005, 1_500]) {
    const longer = await rejectsWith('ERR_INVALID_ARGUMENT', persistence.getYDoc('x'.repeat(length)))
    assert.equal(longer.message, `document name is ${length} UTF-8 bytes long, limit 989`)
  }
})

describe('unusual names are accepted', () => {
  const names = [
    'a',
    '/',
    'a/b',
    '\0',
    'a\0b',
    'é',
    '漢字',
    '😀',
    ' ',
    '..',
    '__proto__',
    'x'.repeat(989),
    '😀'.repeat(247)
  ]
  for (const name of names) {
    test(
      JSON.stringify(name.length > 40 ? `${name.slice(0, 8)}… (${Buffer.byteLength(name)} bytes)` : name),
      async t => {
        const persistence = new TestTable().open(t)
        await persistence.storeUpdate(name, update)
        await persistence.setMeta(name, 'k', 1)
        assert.equal(textOf(await persistence.getYDoc(name)), 'a')
        await persistence.flushDocument(name)
        assert.equal(textOf(await persistence.getYDoc(name)), 'a')
        assert.deepEqual(await persistence.getAllDocNames(), [name])
        assert.deepEqual(await persistence.getMetas(name), new Map([['k', 1]]))
        await persistence.clearDocument(name)
        assert.deepEqual(await persistence.getAllDocNames(), [])
      }
    )
  }
})

describe('a name that only the original package could write', () => {
  for (const length of [990, 1004]) {
    test(`of ${length} bytes can be read and cleared, but not written`, async t => {
      const table = new TestTable()
      await table.create()
      const doc = 'x'.repeat(length)
      await table.put({ doc, key: sortKey(['v1', doc, 'update', 0]), value: update })
      const persistence = table.open(t)
      assert.equal(textOf(await persistence.getYDoc(doc)), 'a')
      assert.deepEqual([...(await persistence.getStateVector(doc))], [1, 1, 1])
      assert.deepEqual(await persistence.getAllDocNames(), [doc])
      await rejectsWith('ERR_INVALID_ARGUMENT', persistence.storeUpdate(doc, update), doc)
      await rejectsWith('ERR_INVALID_ARGUMENT', persistence.flushDocument(doc), doc)
      await persistence.clearDocument(doc)
      assert.deepEqual(await table.items(), [])
    })
  }
})

test('documents whose names begin alike do not affect each other', async t => {
  const persistence = new TestTable().open(t)
  const names = ['doc', 'doc1', 'do', 'doc\0', 'docupdate']
  for (const [i, name] of names.entries()) {
    for (const each of keystrokes(i + 1)) await persistence.storeUpdate(name, each)
    await persistence.setMeta(name, 'name', name)
  }
  await persistence.flushDocument('doc')
  await persistence.clearDocument('doc1')
  const lengths = await Promise.all(names.map(async name => textOf(await persistence.getYDoc(name)).length))
  assert.deepEqual(lengths, [1, 0, 3, 4, 5])
  const metas = await Promise.all(names.map(name => persistence.getMeta(name, 'name')))
  assert.deepEqual(metas, ['doc', undefined, 'do', 'doc\0', 'docupdate'])
})

test('a meta key that is too long for its document name is refused; unusual keys are accepted', async t => {
  const persistence = new TestTable().open(t)
  const longest = 'k'.repeat(1024 - sortKey(['v1', 'doc', 'meta']).length - 3)
  for (const key of ['', '\0', '/', '😀', '__proto__', longest]) {
    await persistence.setMeta('doc', key, key)
    assert.equal(await persistence.getMeta('doc', key), key)
  }
  assert.equal((await persistence.getMetas('doc')).size, 6)
  const error = await rejectsWith('ERR_INVALID_ARGUMENT', persistence.setMeta('doc', longest + 'k', 1), 'doc')
  assert.match(error.message, /1024/)
  for (const key of [7, undefined, null, '\ud800']) {
    await rejectsWith('ERR_INVALID_ARGUMENT', persistence.setMeta('doc', key, 1), 'doc')
    await rejectsWith('ERR_INVALID_ARGUMENT', persistence.getMeta('doc', key), 'doc')
    await rejectsWith('ERR_INVALID_ARGUMENT', persistence.delMeta('doc', key), 'doc')
  }
})
