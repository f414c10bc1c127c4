/** Metas of every type that lib0 can encode, compared with the bytes of the original package. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import vm from 'node:vm'
import { TestTable, onceOnly } from '../support/dynamodb.mjs'
import { rejectsWith } from '../support/errors.mjs'
import { readSortKey, sortKey } from '../support/format.mjs'

test('a value replaces the previous one; a deleted one is undefined', async t => {
  const persistence = new TestTable().open(t)
  assert.equal(await persistence.setMeta('doc', 'a', 4), undefined)
  await persistence.setMeta('doc', 'a', 5)
  await persistence.setMeta('doc', 'b', 4)
  assert.equal(await persistence.getMeta('doc', 'a'), 5)
  assert.deepEqual(
    await persistence.getMetas('doc'),
    new Map([
      ['a', 5],
      ['b', 4]
    ])
  )
  await persistence.delMeta('doc', 'a')
  assert.equal(await persistence.getMeta('doc', 'a'), undefined)
  assert.deepEqual(await persistence.getMetas('doc'), new Map([['b', 4]]))
})

describe('is read as it was stored', () => {
  const values = {
    undefined,
    'null': null,
    'true': true,
    'zero': 0,
    'minus zero': -0,
    'integers': [1, -1, 2 ** 31 - 1, 2 ** 31, -(2 ** 31), 2 ** 53 - 1, 2 ** 53, -(2 ** 53)],
    'floats': [0.1, 1.5, 5e-324, 1.7976931348623157e308, NaN, Infinity, -Infinity],
    'bigints': [0n, 1n, -1n, 2n ** 63n - 1n, -(2n ** 63n)],
    'strings': ['', 'a', 'é漢😀', '\0', 'x'.repeat(1_000)],
    'bytes': new Uint8Array([0, 255]),
    'nested': { 'a': [{ b: { c: [[], {}] } }], 'a key': 1, '': 2 },
    'no prototype': Object.assign(Object.create(null), { a: 1 }),
    '1,000 deep': Array.from({ length: 999 }).reduce(inner => [inner], [])
  }
  const table = new TestTable()
  for (const [what, value] of Object.entries(values)) {
    test(what, async t => {
      const persistence = table.open(t)
      await persistence.setMeta('doc', what, value)
      const expected = what === 'no prototype' ? { ...value } : value
      assert.deepEqual(await persistence.getMeta('doc', what), expected)
      assert.deepEqual((await persistence.getMetas('doc')).get(what), expected)
    })
  }

  test('an object of another realm', async t => {
    const persistence = table.open(t)
    await persistence.setMeta('doc', 'realm', vm.runInNewContext('({ a: [1] })'))
    assert.deepEqual(await persistence.getMeta('doc', 'realm'), { a: [1] })
  })

  test('a Buffer, as a Uint8Array', async t => {
    const persistence = table.open(t)
    await persistence.setMeta('doc', 'buffer', Buffer.from('abc'))
    assert.deepEqual(await persistence.getMeta('doc', 'buffer'), new Uint8Array(Buffer.from('abc')))
  })
})

describe('a value that lib0 cannot encode is refused with its path', onceOnly, () => {
  const cyclic = { a: [{}] }
  cyclic.a[0].back = cyclic
  const cases = {
    'value is a function': () => 1,
    'value is a symbol': Symbol('s'),
    'value is a Date': new Date(),
    'value is a Map': new Map(),
    'value.a[3].b is a Set': { a: [1, 2, 3, { b: new Set() }] },
    'value[0] is a bigint of more than 64 bits': [2n ** 63n],
    'value.n is a bigint of more than 64 bits': { n: -(2n ** 63n) - 1n },
    'value["a b"].c is a function': { 'a b': { c() {} } },
    'value.s holds a lone surrogate': { s: 'a\ud800' },
    'value has a key that holds a lone surrogate': { 'a\udc00': 1 },
    'value has a key __proto__': JSON.parse('{"__proto__": 1}'),
    'value has the key Symbol(s)': { [Symbol('s')]: 1 },
    'value is a Uint16Array': new Uint16Array(1),
    'value is a Thing': new (class Thing {})(),
    'value is a ArrayBuffer': new ArrayBuffer(1),
    'value is a Promise': Promise.resolve(),
    'value is a RegExp': /x/,
    'value is a Error': new Error(),
    'value is a String': Object('x'),
    'value.a[0].back contains itself': cyclic,
    'nested more than 1000 deep': Array.from({ length: 2_000 }).reduce(inner => [inner], []),
    'nested more than 1000 deep!': Array.from({ length: 100_000 }).reduce(inner => [inner], [])
  }
  for (const [path, value] of Object.entries(cases)) {
    test(path, async t => {
      const table = new TestTable()
      const persistence = table.open(t)
      const error = await rejectsWith('ERR_INVALID_ARGUMENT', persistence.setMeta('doc', 'key', value), 'doc')
      assert(error.message.includes(path.replace('!', '')), error.message)
      assert.equal(await persistence.getMeta('doc', 'key'), undefined)
    })
  }

  test('the same object twice is no cycle', async t => {
    const persistence = new TestTable().open(t)
    const twice = { x: 1 }
    await persistence.setMeta('doc', 'key', [twice, twice])
    assert.deepEqual(await persistence.getMeta('doc', 'key'), [{ x: 1 }, { x: 1 }])
  })
})

test('the bytes are those of the original package', async t => {
  const table = new TestTable()
  const persistence = table.open(t)
  // By the format: lib0 `any`.
  const bytes = { number: '7d05', text: '77026869', object: '7601016e7d2a', list: '7502787e', none: '7f' }
  const values = { number: 5, text: 'hi', object: { n: 42 }, list: [true, null], none: undefined }
  for (const [key, value] of Object.entries(values)) await persistence.setMeta('doc', key, value)
  for (const item of await table.items('doc')) {
    const [version, doc, kind, key, ...rest] = readSortKey(item.key)
    assert.deepEqual([version, doc, kind, rest], ['v1', 'doc', 'meta', []])
    assert.equal(item.value.toString('hex'), bytes[key])
    assert.deepEqual(item.attributes, {})
  }
})

test('a meta that cannot be read is an ERR_CORRUPT that names its key; the others stay readable', async t => {
  const table = new TestTable()
  const persistence = table.open(t)
  await persistence.setMeta('doc', 'good', 1)
  const bad = {
    'cut': '7705',
    'unknown kind': '05',
    'bytes too many': '7d0500',
    'not UTF-8': '7701ff',
    'bomb': '75ffffffff0f',
    'empty': '00'
  }
  for (const [key, hex] of Object.entries(bad)) {
    await table.put({ doc: 'doc', key: sortKey(['v1', 'doc', 'meta', key]), value: Buffer.from(hex, 'hex') })
    const error = await rejectsWith('ERR_CORRUPT', persistence.getMeta('doc', key), 'doc')
    assert(error.message.includes(key), error.message)
    const all = await rejectsWith('ERR_CORRUPT', persistence.getMetas('doc'), 'doc')
    assert(all.message.includes(key), all.message)
    await persistence.delMeta('doc', key)
  }
  assert.deepEqual(await persistence.getMetas('doc'), new Map([['good', 1]]))
})
