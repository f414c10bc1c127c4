/**
 * Updates that no client of Yjs writes, beside yjs 13 and 14: neither throws on an update that may be stored, nor on what is
 * read of a log. `SEED` (default 1) and `UPDATES` (default 1,000) set which. `npm run ready` adds seeds 1,001 to 3,000;
 * `node __test__/updates/hostile.mjs` runs as many as it is asked to.
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as Y from 'yjs'
import { applyToBoth, quietly } from './support/both.mjs'
import { merge, mergeReadable, salvage, validateUpdate } from './support/engine.mjs'
import { JSON_TEXTS } from './support/hostile-updates.mjs'
import { checkLog, checkRegression, checkUpdate, isValid, REGRESSIONS } from './support/hostile-corpus.mjs'
import { randomLog } from '../../scripts/yjs-logs/logs.mjs'
import { Random } from '../../scripts/yjs-logs/random.mjs'
import { randomRichText } from '../../scripts/yjs-logs/rich-text.mjs'
import { Bytes } from './support/structure.mjs'

const SEED = Number(process.env.SEED ?? 1)
const UPDATES = Number(process.env.UPDATES ?? 1_000)
const seeds = count => Array.from({ length: Math.max(1, count) }, (_, i) => SEED + i)

/** Whether yjs throws on updates that are applied one after another. */
const throws = (...updates) => {
  try {
    quietly(() => applyToBoth(updates))
    return false
  } catch {
    return true
  }
}

test('an update that may be stored never makes yjs throw, nor once its gap is filled unless that conflicts', t => {
  const valid = seeds(UPDATES).filter(checkUpdate).length
  t.diagnostic(`seeds ${SEED} to ${SEED + UPDATES - 1}: ${valid} valid`)
  if (UPDATES >= 1_000) assert.ok(valid > 0.5 * UPDATES, `only ${valid} are valid: too little is looked at`)
})

test('what is read of a log never makes yjs throw', t => {
  const count = UPDATES / 4
  const some = seeds(count).filter(checkLog).length
  t.diagnostic(`seeds ${SEED} to ${SEED + count - 1}: ${some} logs with conflicts`)
  if (UPDATES >= 1_000)
    assert.ok(some > 0.05 * count, `only ${some} logs have conflicts: too little is looked at`)
})

for (const regression of REGRESSIONS) test(regression.name, () => checkRegression(regression))

test('nothing that yjs writes is refused or becomes a tombstone', () => {
  for (const seed of seeds(UPDATES / 10)) {
    const random = new Random(seed)
    const { updates } = seed % 4 === 0 ? randomRichText(random) : randomLog(random)
    for (const update of updates) validateUpdate(update)
    const shuffled = random.shuffle(updates)
    assert.deepEqual(mergeReadable(shuffled), merge(shuffled), `seed ${seed}`)
    validateUpdate(merge(updates, { gc: false }))
    validateUpdate(merge(updates, { wholeLog: true }))
  }
})

/** Bytes of an item that hangs on nothing. */
const item = (kind, content, clock = 0) =>
  new Bytes().raw([1, 1, 1, clock, kind, 1, 1, 97]).raw(content).byte(0).bytes

test('each kind of update on which yjs throws is refused', () => {
  const json = text => new Bytes().text(text).list
  const deep = '['.repeat(10_000) + ']'.repeat(10_000)
  const proto = new Bytes().byte(118).uint(1).text('__proto__').raw([116, 1, 7]).list
  for (const update of [
    item(5, json('{')),
    item(6, [1, 98, ...json('')]),
    item(2, [1, ...json('undefine')]),
    item(5, json('undefined')),
    item(5, json(deep)),
    item(8, [1, ...proto]),
    item(8, [1, 115]),
    item(7, [7]),
    item(9, [1, 103, 126]),
    item(4, [0]),
    item(11, [1]),
    Uint8Array.of(1, 1, 1, 0, 71, 1, 15, 3, 1, 112, 0),
    Uint8Array.of(1, 1, 1, 0, 135, 1, 0, 1, 0),
    Uint8Array.of(1, 1, 1, 0, 7, 0, 1, 0, 1, 0),
    Uint8Array.of(0, 1, 2, 1, 2, 0),
    Uint8Array.of(1, 1, 1, 0, 4, 1, 1, 97, 1, 255, 0)
  ]) {
    assert.equal(isValid(update), false, `[${update}]`)
    assert.ok(throws(update), `yjs takes [${update}]`)
  }
})

test('an item that names itself behind a gap is refused: yjs throws once the gap is filled', () => {
  const gap = Uint8Array.of(1, 1, 1, 0, 4, 1, 1, 97, 5, 120, 120, 120, 120, 120, 0)
  const late = Uint8Array.of(1, 1, 1, 5, 132, 1, 5, 1, 98, 0)
  assert.equal(isValid(late), false)
  assert.ok(throws(late, gap) && !throws(late))
})

test('a Skip of no length is refused at the end of a section: yjs divides by zero', () => {
  const last = Uint8Array.of(1, 2, 2, 0, 135, 1, 7, 1, 10, 0, 0)
  assert.equal(isValid(last), false)
  assert.ok(throws(last))
  assert.ok(!throws(salvage(last).update))
  const between = Uint8Array.of(1, 3, 2, 0, 135, 1, 7, 1, 10, 0, 135, 1, 7, 1, 0)
  assert.ok(isValid(between) && !throws(between))
})

test('types nested too deep are refused: yjs deletes them by recursion', () => {
  const nested = (count, deleted) => {
    const out = new Bytes().uint(1).uint(count).uint(1).uint(0).raw([7, 1, 1, 97, 1])
    for (let i = 1; i < count; i++)
      out
        .raw([7, 0, 1])
        .uint(i - 1)
        .byte(1)
    return out.raw(deleted ? [1, 1, 1, 0, 1] : [0]).bytes
  }
  assert.ok(isValid(nested(1_000, true)) && !throws(nested(1_000, true)))
  assert.equal(isValid(nested(10_000, true)), false)
  assert.ok(throws(nested(10_000, true)))
})

test('updates that only together make yjs throw: the map entry that is split is read as a tombstone', () => {
  const map = Uint8Array.of(1, 1, 9, 0, 7, 1, 1, 97, 1, 0)
  const entry = Uint8Array.of(1, 1, 2, 0, 40, 0, 9, 0, 1, 107, 2, 126, 126, 0)
  const splits = Uint8Array.of(1, 1, 3, 0, 136, 2, 0, 1, 126, 0)
  const end = Uint8Array.of(0, 1, 9, 1, 0, 1)
  const log = [map, entry, splits, end]
  assert.ok(log.every(isValid))
  assert.ok(throws(merge(log, { gc: false })))
  for (const order of [log, [end, splits, entry, map]]) {
    const read = mergeReadable(order, { gc: false })
    assert.ok(isValid(read) && !throws(read))
    const doc = new Y.Doc()
    Y.applyUpdate(doc, mergeReadable([map, entry, splits]))
    assert.deepEqual(doc.getArray('a').get(0).toJSON(), { k: null }, 'the value that split it')
  }
})

test('a subdocument whose options yjs cannot write again is refused', () => {
  const any = value =>
    ({
      string: b => b.byte(119).text('x'),
      null: b => b.byte(126),
      number: b => b.byte(125).uint(5),
      array: b => b.raw([117, 0]),
      object: b => b.raw([118, 0]),
      bytes: b => b.raw([116, 0])
    })[value]
  const subdocument = (key, value) =>
    item(9, any(value)(new Bytes().text('g').byte(118).uint(1).text(key)).list)
  for (const value of ['null', 'number', 'array', 'object', 'bytes']) {
    assert.equal(isValid(subdocument('guid', value)), false, value)
    for (const key of ['gc', 'autoLoad', 'meta', 'collectionid', 'shouldLoad']) {
      assert.ok(isValid(subdocument(key, value)) && !throws(subdocument(key, value)), `${key} ${value}`)
    }
  }
  assert.ok(throws(subdocument('guid', 'null')))
  assert.ok(isValid(subdocument('guid', 'string')) && !throws(subdocument('guid', 'string')))
})

test('what others typed behind a struct that is refused is salvaged', () => {
  const doc = new Y.Doc()
  doc.clientID = 7
  doc.getText('t').insert(0, 'before. ')
  const embed = '['.repeat(1_100) + ']'.repeat(1_100)
  Y.applyUpdate(doc, new Bytes().raw([1, 1, 9, 0, 0x85, 7, 7]).text(embed).byte(0).bytes)
  doc.getText('t').insert(doc.getText('t').length, 'one hour of work')
  const all = Y.encodeStateAsUpdate(doc)
  assert.equal(isValid(all), false)
  const { update, reason } = salvage(all)
  assert.match(reason, /^text that is not JSON/)
  assert.ok(isValid(update) && !throws(update))
  const read = new Y.Doc()
  Y.applyUpdate(read, update)
  assert.equal(read.getText('t').toString(), 'before. one hour of work')
  assert.deepEqual(Buffer.from(salvage(update).update), Buffer.from(update))
})

test('text is JSON where JSON.parse takes it', t => {
  const isJson = text => {
    try {
      JSON.parse(text)
      return true
    } catch {
      return false
    }
  }
  const check = text =>
    assert.equal(isValid(item(5, new Bytes().text(text).list)), isJson(text), JSON.stringify(text))
  JSON_TEXTS.forEach(check)
  let json = 0
  for (const seed of seeds(UPDATES)) {
    const random = new Random(seed)
    const texts = [random.pick(JSON_TEXTS), random.pick(JSON_TEXTS)]
    const alphabet = [
      ...'[]{},:"\\/ -+.eE0123456789tfnu\n\ta',
      ...texts,
      '\u2028',
      '\ud800',
      'true',
      'null',
      '"a":',
      '\\u0041'
    ]
    const characters = [...random.pick([texts[0], `[${texts}]`, `{"a":${texts[0]},"b" :${texts[1]}}`])]
    for (let n = random.below(3); n > 0; n--)
      characters.splice(random.below(characters.length + 1), random.below(2), random.pick(alphabet))
    const text = characters.join('').toWellFormed()
    json += Number(isJson(text))
    check(text)
  }
  t.diagnostic(`${json} of ${UPDATES} texts were JSON`)
})

test('JSON that yjs writes is taken', () => {
  const values = [{ a: [1, -0, 1e21, 5e-324, '\u2028\ud800"\\\u0000'] }, [], 'x'.repeat(10_000)]
  const doc = new Y.Doc()
  const updates = []
  doc.on('update', update => updates.push(update))
  for (const value of values) doc.getText('t').insertEmbed(0, value)
  doc.getText('t').format(0, 1, { link: values[0] })
  updates.forEach(validateUpdate)
})

test('what yjs writes after an embed of no text is refused: it names an item that no peer gets', () => {
  const doc = new Y.Doc()
  const updates = []
  doc.on('update', update => updates.push(update))
  for (const value of [1, '', 2]) doc.getText('t').insertEmbed(0, value)
  assert.deepEqual(updates.map(isValid), [true, false])
  assert.ok(throws(...updates))
})
