/** Small updates that broke simpler rules, other implementations, or both. Compared with yjs by effect. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as Y from 'yjs'
import { encodeStateVectorFromUpdate, merge, mergeReadable } from './support/engine.mjs'
import { read } from './support/structs.mjs'
import { OPTIONS, bytes, forEachMerge, hex, load, oneResult, orders, text } from './support/ways.mjs'

test('an item beats its collected copy, whichever comes first, and is deleted', () => {
  const item = bytes('01010200c401010102015100')
  const collected = bytes('01010200000100')
  forEachMerge([item, collected], (merged, what) => {
    const { structs, deleted } = read(merged)
    assert.deepEqual(
      structs.map(({ kind, rightOrigin }) => [kind, rightOrigin]),
      [[what.includes('"gc":false') ? 'String' : 'Deleted', '1:2']]
    )
    assert.deepEqual(deleted, [{ client: 2, clock: 0, length: 1 }])
  })
  assert.equal(oneResult([item, collected]).size, 1)
})

test('a deleted map value does not come back if the deletion of its map is missing', () => {
  const map = bytes('01010100070101740100')
  const value = bytes('01010200280001000164017800')
  const collected = bytes('01010200000100')
  const array = (...updates) =>
    load(...updates)
      .getArray('t')
      .toJSON()
  assert.deepEqual(array(map, collected, value), [{}])
  forEachMerge([map, value, collected], (merged, what) => assert.deepEqual(array(merged), [{}], what))
  for (const [first, ...others] of orders([map, value, collected])) {
    for (const options of OPTIONS) {
      assert.deepEqual(array(merge([first, merge(others, options)], options)), [{}])
    }
  }
})

test('a read shows what follows an item that waits if the item has a collected copy', () => {
  const waits = bytes('01010200840300016200')
  const collected = bytes('010202000001040101740568656c6c6f00')
  const missing = bytes('0101030004010174016100')
  for (const order of orders([waits, collected])) {
    assert.equal(text(...order), 'hello')
    assert.equal(text(mergeReadable(order, { wholeLog: true })), 'hello')
    assert.equal(text(mergeReadable(order, { wholeLog: true }), missing), text(...order, missing))
    // What is stored keeps the item, and shows the same once complete.
    for (const options of OPTIONS) {
      assert.equal(text(merge(order, options)), '', JSON.stringify(options))
      assert.equal(text(merge(order, options), missing), text(...order, missing), JSON.stringify(options))
    }
  }
})

test('a character that one copy had to cut is whole in the merge', () => {
  const cut = [
    bytes('0101010004010174017800'),
    bytes('0101010184010003efbfbd00'),
    bytes('0101010284010103efbfbd00')
  ]
  const whole = bytes('01010100040101740578f09f988000')
  assert.equal(text(...cut, whole), 'x\ufffd\ufffd')
  forEachMerge([...cut, whole], (merged, what) => assert.equal(text(merged), 'x😀', what))
  forEachMerge([merge(cut), whole], (merged, what) => assert.equal(text(merged), 'x😀', what))
})

test('a format that changes nothing does not damage the character in whose middle it ends', () => {
  const whole = bytes('01010100040101740578f09f988000')
  const doc = load(whole)
  doc.clientID = 2
  doc.getText('t').format(0, 2, { bold: null })
  assert.equal(doc.getText('t').toString(), 'x\ufffd\ufffd')
  forEachMerge([whole, Y.encodeStateAsUpdate(doc)], (merged, what) => assert.equal(text(merged), 'x😀', what))
})

test('a cut through a character leaves two replacement characters', () => {
  const whole = bytes('010101000401017404f09f988000')
  const doc = load(whole)
  doc.clientID = 2
  doc.getText('t').delete(1, 1)
  forEachMerge([whole, Y.encodeStateAsUpdate(doc)], (merged, what) =>
    assert.equal(text(merged), '\ufffd', what)
  )
})

test('nothing is collected below a parent that a document could not reach', () => {
  const updates = [
    bytes('0101020004000101017100'),
    bytes('01010201440100056c6174657200'),
    bytes('00020201000101010101')
  ]
  for (const options of OPTIONS) {
    const merged = merge(updates, options)
    assert.equal(hex(encodeStateVectorFromUpdate(merged)), hex(Y.encodeStateVectorFromUpdate(merged)))
    const ours = load(merged)
    const theirs = load(...updates)
    assert.equal(hex(Y.encodeStateVector(ours)), '00')
    assert.deepEqual(
      Y.decodeStateVector(Y.encodeStateVector(ours)),
      Y.decodeStateVector(Y.encodeStateVector(theirs))
    )
    assert.deepEqual(
      read(merged)
        .structs.map(({ kind }) => kind)
        .includes('GC'),
      false
    )
  }
})

test('a tail beside collected content is not collected on that account', () => {
  const base = bytes('0101010004010174016100')
  const tail = [bytes('01010100000100'), bytes('01010101840100016200')]
  assert.equal(text(base, ...tail), 'ab')
  for (const options of OPTIONS.slice(1)) {
    const compacted = merge(tail, options)
    // "a" is deleted, because it has a collected copy. "b" stays.
    forEachMerge([base, compacted], (merged, what) => assert.equal(text(merged), 'b', what))
  }
})

test('a tail that deletes something else is not collected on that account either', () => {
  const base = bytes('0101010004010174016100')
  const elsewhere = new Y.Doc()
  elsewhere.clientID = 2
  elsewhere.getArray('list').insert(0, [Y.Array.from([1, 2])])
  const before = Y.encodeStateAsUpdate(elsewhere)
  elsewhere.getArray('list').delete(0)
  const tail = [
    bytes('01010100000100'),
    bytes('01010101840100016200'),
    before,
    Y.encodeStateAsUpdate(elsewhere)
  ]
  assert.equal(text(base, ...tail), 'ab')
  for (const options of OPTIONS.slice(1)) {
    assert.equal(text(merge([base, merge(tail, options)])), 'b')
    assert.equal(text(base, merge(tail, options)), 'ab')
  }
})

test('letters that were typed before different neighbours are not joined', () => {
  const doc = new Y.Doc()
  doc.clientID = 2
  const updates = []
  doc.on('update', update => updates.push(update))
  doc.getText('t').insert(0, 'z')
  doc.getText('t').insert(0, 'a')
  const other = load(...updates)
  other.clientID = 1
  other.getText('t').insert(1, 'y')
  updates.push(Y.encodeStateAsUpdate(other))
  Y.applyUpdate(doc, updates.at(-1))
  doc.getText('t').insert(1, 'b')
  for (const options of OPTIONS) {
    const merged = merge(updates, options)
    assert.equal(text(merged), 'abyz')
    assert.equal(read(merged).structs.filter(({ client }) => client === 2).length, 3)
  }
})

test('a collected copy of one letter does not take the word with it', () => {
  const updates = [bytes('01010101000100'), bytes('01010100040101740361626300'), bytes('000101010101')]
  forEachMerge(updates, (merged, what) => assert.equal(text(merged), 'ac', what))
  assert.equal(oneResult(updates).size, 1)
})

test('two live values of one map key are not joined', () => {
  const updates = [bytes('010101002801016d016b017702763000'), bytes('01010101a80100017702763100')]
  forEachMerge(updates, (merged, what) => {
    assert.equal(load(merged).getMap('m').get('k'), 'v1', what)
    assert.equal(read(merged).structs.length, 2, what)
  })
})

test('values of a map key whose chain is known only from another update are not joined', () => {
  const [first, second, third] = [
    bytes('010101002801016d016b017702763000'),
    bytes('01010101a80100017702763100'),
    bytes('01010102a80101017702763200')
  ]
  const tail = merge([second, third])
  forEachMerge(
    [first, tail],
    (merged, what) => {
      assert.equal(load(merged).getMap('m').get('k'), 'v2', what)
      assert.equal(load(merged).getMap('m').toJSON().k, 'v2', what)
      assert.equal(
        read(merged)
          .structs.filter(({ kind }) => kind === 'Any')
          .every(({ length }) => length === 1),
        true,
        what
      )
    },
    OPTIONS.slice(3)
  )
})

test('two encodings of one item give the same bytes', () => {
  const base = bytes('010101002801016d016b017702763000')
  const withBit = bytes('01010101a80100017702763100')
  const without = bytes('01010101880100017702763100')
  assert.equal(hex(merge([base, withBit])), hex(merge([base, without])))
  assert.equal(hex(merge([withBit])), hex(merge([without])))
  assert.equal(oneResult([base, withBit, without]).size, 1)
})

test('more than 20 updates with an item and its collected copy at one clock', () => {
  const doc = new Y.Doc()
  doc.clientID = 1
  const updates = []
  doc.on('update', update => updates.push(update))
  const array = doc.getArray('a')
  for (let i = 0; i < 15; i++) {
    array.insert(0, [new Y.Array()])
    array.get(0).insert(0, [i, 'text'])
    updates.push(Y.encodeStateAsUpdate(doc))
    if (i % 3 === 2) array.delete(0, 1)
  }
  updates.push(Y.encodeStateAsUpdate(doc))
  assert.ok(updates.length > 40)
  const expected = load(...updates)
    .getArray('a')
    .toJSON()
  for (const options of OPTIONS) {
    assert.deepEqual(load(merge(updates, options)).getArray('a').toJSON(), expected)
    assert.deepEqual(load(merge(updates.toReversed(), options)).getArray('a').toJSON(), expected)
  }
})

test('a diff that begins inside collected content, followed by the full state', () => {
  const diff = bytes('010201020002480100017d090101010004')
  const full = bytes('0103010001010161010003480100017d090101010004')
  forEachMerge([diff, full], (merged, what) =>
    assert.deepEqual(load(merged).getArray('a').toJSON(), [9], what)
  )
})

test('updates 0, 2, 4 and 5 first, 1 and 3 later', () => {
  const early = [
    bytes('0101010004010174016100'),
    bytes('01010102840101016300'),
    bytes('010201042801016d0178017d01840103016500')
  ]
  const doc = new Y.Doc()
  doc.clientID = 1
  const all = []
  doc.on('update', update => all.push(update))
  for (const letter of 'ab') doc.getText('t').insert(doc.getText('t').length, letter)
  doc.getText('t').insert(2, 'c')
  doc.getText('t').insert(3, 'd')
  const late = [all[1], all[3]]
  for (const options of OPTIONS) {
    const merged = merge(early, options)
    assert.equal(text(merged), text(...early))
    assert.equal(text(merged, ...late), 'abcde')
    forEachMerge(
      [merged, ...late],
      (again, what) => {
        assert.equal(text(again), 'abcde', what)
        assert.equal(load(again).getMap('m').get('x'), 1, what)
      },
      [options]
    )
  }
})

test('one keystroke after another by one client becomes one item', () => {
  const doc = new Y.Doc()
  doc.clientID = 123456789
  const updates = []
  doc.on('update', update => updates.push(update))
  for (let i = 0; i < 100; i++) doc.getText('text').insert(i, 'abcdefghij'[i % 10])
  const merged = merge(updates)
  assert.ok(merged.length <= 150, `${merged.length} bytes`)
  assert.ok(merged.length * 5 < Y.mergeUpdates(updates).length)
  assert.equal(load(merged).getText('text').toString(), doc.getText('text').toString())
})

test('a document with a snapshot keeps it with gc: false', () => {
  const doc = new Y.Doc({ gc: false })
  const updates = []
  doc.on('update', update => updates.push(update))
  doc.getText('t').insert(0, 'hello world')
  const snapshot = Y.snapshot(doc)
  doc.getText('t').delete(5, 6)
  doc.getText('t').insert(5, '!')
  const kept = new Y.Doc({ gc: false })
  Y.applyUpdate(kept, merge(updates, { gc: false }))
  assert.equal(Y.createDocFromSnapshot(kept, snapshot).getText('t').toString(), 'hello world')
  assert.equal(kept.getText('t').toString(), 'hello!')
})
