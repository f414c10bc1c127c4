/** The public functions of `y-dynamodb/updates`: what they take, what they give, what they refuse. */

import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { test } from 'node:test'
import * as Y from 'yjs'
import * as updates from '../../entries/updates.mjs'

const require = createRequire(import.meta.url)
const { PersistenceError } = require('../../lib/errors.js')

const bytes = hex => Uint8Array.from(Buffer.from(hex, 'hex'))
const hex = update => Buffer.from(update).toString('hex')

const H = bytes('0101010004010174016800') // "h" in the text "t"
const I = bytes('01010101840100016900') // "i" behind it
const HI = '010101000401017402686900'
const BROKEN = bytes('0101010004010174056800') // a string of five bytes, and two are there

const invalid =
  (code, pattern = /./) =>
  error => {
    assert.ok(error instanceof PersistenceError)
    assert.equal(error.code, code)
    assert.equal(error.retryable, false)
    assert.match(error.message, pattern)
    assert.match(error.stack, /functions\.test\.mjs/)
    return true
  }

test('CommonJS and ES modules give the same functions', () => {
  const names = [
    'diffUpdate',
    'encodeStateVectorFromUpdate',
    'mergeUpdates',
    'mergeUpdatesAsync',
    'validateUpdate'
  ]
  assert.deepEqual(Object.keys(updates).sort(), names)
  assert.deepEqual(Object.keys(require('../../lib/updates.js')).sort(), names)
  for (const name of names) assert.equal(updates[name], require('../../lib/updates.js')[name])
})

test('two updates become one, in either order, sync and async', async () => {
  assert.equal(hex(updates.mergeUpdates([H, I])), HI)
  assert.equal(hex(updates.mergeUpdates([I, H])), HI)
  assert.equal(hex(await updates.mergeUpdatesAsync([I, H])), HI)
})

test('results are plain arrays of their own memory', async () => {
  for (const merged of [updates.mergeUpdates([H]), await updates.mergeUpdatesAsync([H])]) {
    assert.equal(merged.constructor, Uint8Array)
    assert.equal(merged.buffer.byteLength, merged.length)
    merged.fill(255)
    assert.equal(hex(H), '0101010004010174016800')
  }
})

test('no updates make the empty update', async () => {
  assert.equal(hex(updates.mergeUpdates([])), '0000')
  assert.equal(hex(await updates.mergeUpdatesAsync([])), '0000')
})

test('a buffer, a part of a buffer and shared memory are fine as input', () => {
  const shared = new Uint8Array(new SharedArrayBuffer(H.length))
  shared.set(H)
  const part = new Uint8Array([9, ...H, 9]).subarray(1, -1)
  for (const same of [Buffer.from(H), part, shared]) {
    assert.equal(hex(updates.mergeUpdates([same, I])), HI)
    assert.equal(hex(updates.encodeStateVectorFromUpdate(same)), '010101')
    assert.equal(hex(updates.diffUpdate(same, bytes('00'))), hex(H))
    updates.validateUpdate(same)
  }
})

test('large updates are merged as small ones are', async () => {
  const doc = new Y.Doc()
  const log = []
  doc.on('update', update => log.push(update))
  for (const letter of 'abc') doc.getText('t').insert(0, letter.repeat(100_000))
  const shared = new Uint8Array(new SharedArrayBuffer(log[0].length))
  shared.set(log[0])
  const merged = updates.mergeUpdates([shared, Buffer.from(log[1]), log[2]])
  assert.equal(hex(merged), hex(updates.mergeUpdates([...log, ...Array(1_000).fill(bytes('0000'))])))
  assert.equal(hex(merged), hex(await updates.mergeUpdatesAsync(log)))
  const loaded = new Y.Doc()
  Y.applyUpdate(loaded, merged)
  assert.equal(loaded.getText('t').toString(), doc.getText('t').toString())
  assert.throws(
    () => updates.mergeUpdates([log[0], log[1].subarray(0, -1)]),
    invalid('ERR_INVALID_UPDATE', /^updates\[1\]: /)
  )
})

test('an async merge works on the bytes as they were when it was called', async () => {
  const mine = Uint8Array.from(H)
  const merged = updates.mergeUpdatesAsync([mine, I])
  mine.fill(0)
  assert.equal(hex(await merged), HI)
})

test('an async merge leaves the event loop free', async () => {
  const doc = new Y.Doc()
  const log = []
  doc.on('update', update => log.push(update))
  for (let i = 0; i < 2_000; i++) doc.getArray('a').insert(0, [{ some: 'object', i }])
  let ticks = 0
  const timer = setInterval(() => ticks++, 1)
  const merged = updates.mergeUpdatesAsync(Array.from({ length: 100 }, () => log).flat())
  const before = ticks
  await merged
  clearInterval(timer)
  assert.ok(ticks > before, 'no timer came in between')
})

test('many async merges at once all resolve, each with its own', async () => {
  const doc = new Y.Doc()
  const all = await Promise.all(
    Array.from({ length: 200 }, (_, i) => {
      doc.getMap('m').set('k', i)
      const update = Y.encodeStateAsUpdate(doc)
      return updates.mergeUpdatesAsync([update]).then(merged => {
        const loaded = new Y.Doc()
        Y.applyUpdate(loaded, merged)
        return loaded.getMap('m').get('k')
      })
    })
  )
  assert.deepEqual(
    all,
    Array.from({ length: 200 }, (_, i) => i)
  )
})

test('gc drops deleted content, gc: false keeps it', () => {
  const doc = new Y.Doc({ gc: false })
  doc.getText('t').insert(0, 'secret')
  doc.getText('t').delete(0, 6)
  const update = Y.encodeStateAsUpdate(doc)
  const holds = merged => Buffer.from(merged).includes('secret')
  assert.equal(holds(updates.mergeUpdates([update])), false)
  assert.equal(holds(updates.mergeUpdates([update], { gc: true })), false)
  assert.equal(holds(updates.mergeUpdates([update], { gc: undefined })), false)
  assert.equal(holds(updates.mergeUpdates([update], { gc: false })), true)
})

test('squash joins what was typed letter by letter, squash: false does not', () => {
  assert.ok(updates.mergeUpdates([H, I]).length < updates.mergeUpdates([H, I], { squash: false }).length)
})

test('the state vector and the diff are those of yjs', () => {
  const merged = updates.mergeUpdates([H, I])
  const stateVector = updates.encodeStateVectorFromUpdate(H)
  assert.equal(hex(stateVector), hex(Y.encodeStateVectorFromUpdate(H)))
  assert.equal(hex(updates.diffUpdate(merged, stateVector)), hex(I))
})

test('what is no update is refused, with reason and offset', async () => {
  const refused = invalid('ERR_INVALID_UPDATE', /^update: .+ at byte \d+$/)
  assert.throws(() => updates.validateUpdate(BROKEN), refused)
  assert.throws(() => updates.mergeUpdates([BROKEN]), refused)
  assert.throws(() => updates.encodeStateVectorFromUpdate(BROKEN), refused)
  assert.throws(() => updates.diffUpdate(BROKEN, bytes('00')), refused)
  assert.throws(() => updates.validateUpdate(new Uint8Array()), refused)
  await assert.rejects(updates.mergeUpdatesAsync([BROKEN]), error => error.code === 'ERR_INVALID_UPDATE')
})

test('a merge of many says which of them is no update', async () => {
  assert.throws(
    () => updates.mergeUpdates([H, I, BROKEN, H]),
    invalid('ERR_INVALID_UPDATE', /^updates\[2\]: .+ at byte \d+$/)
  )
  await assert.rejects(updates.mergeUpdatesAsync([BROKEN, H]), {
    code: 'ERR_INVALID_UPDATE',
    message: /^updates\[0\]: /
  })
})

test('an update in the second format is refused by that name', () => {
  const doc = new Y.Doc()
  doc.getText('t').insert(0, 'some text')
  assert.throws(
    () => updates.validateUpdate(Y.encodeStateAsUpdateV2(doc)),
    invalid('ERR_INVALID_UPDATE', /V2/)
  )
})

test('what is no state vector is refused', () => {
  for (const wrong of ['', '01', '0101', '010101ff', 'ffffffffffffffff7f']) {
    assert.throws(
      () => updates.diffUpdate(H, bytes(wrong)),
      invalid('ERR_INVALID_UPDATE', /^state vector: /),
      wrong
    )
  }
})

test('arguments of the wrong type are refused', async () => {
  const refused = invalid('ERR_INVALID_ARGUMENT')
  for (const wrong of [
    undefined,
    null,
    1,
    'text',
    {},
    [1, 2],
    new Uint16Array(2),
    new ArrayBuffer(2),
    new DataView(new ArrayBuffer(2))
  ]) {
    assert.throws(() => updates.validateUpdate(wrong), refused)
    assert.throws(() => updates.encodeStateVectorFromUpdate(wrong), refused)
    assert.throws(() => updates.diffUpdate(wrong, bytes('00')), refused)
    assert.throws(() => updates.diffUpdate(H, wrong), refused)
    assert.throws(() => updates.mergeUpdates([H, wrong]), invalid('ERR_INVALID_ARGUMENT', /^updates\[1\] /))
    await assert.rejects(updates.mergeUpdatesAsync([H, wrong]), { code: 'ERR_INVALID_ARGUMENT' })
  }
  for (const wrong of [undefined, null, 1, 'text', {}, H, new Set([H])]) {
    assert.throws(() => updates.mergeUpdates(wrong), refused)
    await assert.rejects(updates.mergeUpdatesAsync(wrong), { code: 'ERR_INVALID_ARGUMENT' })
  }
  // eslint-disable-next-line no-sparse-arrays -- that is what it is about
  assert.throws(() => updates.mergeUpdates([H, , I]), invalid('ERR_INVALID_ARGUMENT', /^updates\[1\] /))
})

test('options that there are not are refused', async () => {
  for (const wrong of [
    { GC: true },
    { wholeLog: true },
    { gc: 1 },
    { squash: 'yes' },
    { gc: null },
    null,
    true,
    'gc'
  ]) {
    assert.throws(
      () => updates.mergeUpdates([H], wrong),
      invalid('ERR_INVALID_ARGUMENT', /option/),
      JSON.stringify(wrong)
    )
    await assert.rejects(updates.mergeUpdatesAsync([H], wrong), { code: 'ERR_INVALID_ARGUMENT' })
  }
})

test('a detached buffer is refused', () => {
  const gone = Uint8Array.from(H)
  structuredClone(gone.buffer, { transfer: [gone.buffer] })
  assert.throws(() => updates.validateUpdate(gone), invalid('ERR_INVALID_ARGUMENT'))
  assert.throws(() => updates.mergeUpdates([H, gone]), invalid('ERR_INVALID_ARGUMENT', /^updates\[1\] /))
})
