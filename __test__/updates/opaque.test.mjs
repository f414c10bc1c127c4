/** Content comes out of a merge byte by byte as it went in, and so do clocks of any size. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as Y from 'yjs'
import { diffUpdate, encodeStateVectorFromUpdate, merge, validateUpdate } from './support/engine.mjs'
import { OPTIONS, bytes, forEachMerge, hex, load, text } from './support/ways.mjs'

test('the JSON content of older versions comes out byte by byte', () => {
  const update = bytes('010101000201036172720201310322782200')
  validateUpdate(update)
  forEachMerge([update], merged => assert.equal(hex(merged), hex(update)))
  assert.deepEqual(
    load(merge([update]))
      .getArray('arr')
      .toJSON(),
    [1, 'x']
  )
})

test('an XmlHook comes out byte by byte', () => {
  const update = bytes('01010100070103786d6c0504686f6f6b00')
  validateUpdate(update)
  forEachMerge([update], merged => assert.equal(hex(merged), hex(update)))
  assert.equal(
    load(merge([update]))
      .getXmlFragment('xml')
      .get(0).hookName,
    'hook'
  )
})

test('a lone surrogate in a format value comes out byte by byte', () => {
  const doc = new Y.Doc()
  doc.getText('t').insert(0, 'ab', { link: '\ud800', mark: ['x\udc00'] })
  const update = Y.encodeStateAsUpdate(doc)
  assert.ok(Buffer.from(update).includes('\\ud800'))
  validateUpdate(update)
  forEachMerge([update], merged => assert.equal(hex(merged), hex(update)))
})

test('JSON nested 200 deep comes out byte by byte', () => {
  const nested = depth =>
    depth === 0 ? 'end' : depth % 2 === 0 ? [nested(depth - 1)] : { k: nested(depth - 1) }
  const doc = new Y.Doc()
  doc.getArray('a').insert(0, [nested(200)])
  doc.getText('t').insertEmbed(0, { deep: nested(200) })
  doc.getText('t').format(0, 1, { deep: nested(200) })
  const update = Y.encodeStateAsUpdate(doc)
  validateUpdate(update)
  forEachMerge([update], merged => assert.equal(hex(merged), hex(update)))
  assert.deepEqual(
    load(merge([update]))
      .getArray('a')
      .toJSON(),
    [nested(200)]
  )
})

test('values come out as they went in', () => {
  const values = [
    0,
    -0,
    5e-324,
    NaN,
    Infinity,
    1.1,
    2 ** 53 - 1,
    -(2 ** 31),
    [1n, -(2n ** 63n)],
    null,
    [undefined],
    true,
    '',
    { z: 1, a: { 9: -0, 1: 1n } },
    { b: [undefined, null] }
  ]
  const doc = new Y.Doc()
  doc.getArray('a').insert(0, values)
  doc.getMap('m').set('bytes', Uint8Array.of(1, 2, 3))
  doc.getArray('s').insert(0, [new Y.Doc({ guid: 'g', autoLoad: true, meta: { z: 1n, a: [-0] } })])
  doc.getText('t').insertEmbed(0, { z: 0.1, a: 1e-7, e: 5e-324 })
  const update = Y.encodeStateAsUpdate(doc)
  forEachMerge(
    [update],
    merged => assert.equal(hex(merged), hex(update)),
    OPTIONS.filter(({ squash }) => squash !== false)
  )
  const got = load(merge([update]))
  assert.deepEqual(got.getArray('a').toArray(), values)
  assert.ok(Object.is(got.getArray('a').get(1), -0))
  assert.deepEqual(Object.keys(got.getArray('a').get(13)), ['z', 'a'])
  assert.deepEqual(got.getArray('s').get(0).meta, { z: 1n, a: [-0] })
})

// From 2 ** 52 on yjs cannot write what it keeps back.
for (const clock of [2 ** 31 - 2, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 2, 2 ** 32, 2 ** 40, 2 ** 52 - 10]) {
  test(`clocks near ${clock}`, () => {
    const base = new Y.Doc()
    base.clientID = 2 ** 53 - 1
    base.store.clients.set(base.clientID, [new Y.GC(Y.createID(base.clientID, 0), clock)])
    const updates = [Y.encodeStateAsUpdate(base)]
    base.on('update', update => updates.push(update))
    for (const letter of 'abc') base.getText('t').insert(base.getText('t').length, letter)
    base.getText('t').delete(1, 1)
    assert.equal(text(...updates), 'ac')
    forEachMerge(updates.slice(0, 4), (merged, what) => assert.equal(text(merged), 'abc', what))
    forEachMerge(
      updates,
      (merged, what) => {
        assert.equal(text(merged), 'ac', what)
        assert.equal(
          hex(encodeStateVectorFromUpdate(merged)),
          hex(Y.encodeStateVectorFromUpdate(merged)),
          what
        )
        const behind = Y.encodeStateVector(load(...updates.slice(0, 2)))
        assert.equal(text(...updates.slice(0, 2), diffUpdate(merged, behind)), 'ac', what)
      },
      [{ wholeLog: true }, { gc: false }]
    )
  })
}
