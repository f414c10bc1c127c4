/** Updates of the prerelease of Yjs 14 (`@y/y`), judged by that version. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as Y from '@y/y'
import { diffUpdate, encodeStateVectorFromUpdate, merge, validateUpdate } from './support/engine.mjs'
import { Random } from '../../scripts/yjs-logs/random.mjs'
import { anyValue, jsonValue, words } from '../../scripts/yjs-logs/values.mjs'

const SEED = Number(process.env.SEED ?? 1)
const DOCUMENTS = Number(process.env.DOCUMENTS ?? 3_000) / 20
const ROOTS = ['a', 'b']
const OPTIONS = [{ wholeLog: true }, {}, { squash: false }, { gc: false }]

const hex = update => Buffer.from(update).toString('hex')

function randomLog(random) {
  const updates = []
  const docs = Array.from({ length: random.between(1, 3) }, () => {
    const doc = new Y.Doc({ gc: random.chance(0.7) })
    doc.clientID = random.below(2 ** 21) * 2 ** 32 + random.below(2 ** 32)
    doc.seen = 0
    doc.on('update', (update, origin) => {
      if (origin !== 'remote') updates.push(update)
    })
    return doc
  })
  for (let n = random.between(3, 30); n > 0; n--) {
    const doc = random.pick(docs)
    if (random.chance(0.4))
      for (; doc.seen < updates.length; doc.seen++) Y.applyUpdate(doc, updates[doc.seen], 'remote')
    doc.transact(() => edit(random, doc))
    if (random.chance(0.05)) updates.push(Y.encodeStateAsUpdate(doc))
    if (random.chance(0.05)) updates.push(Y.mergeUpdates(updates.slice(random.below(updates.length))))
  }
  return updates
}

function edit(random, doc) {
  const types = ROOTS.map(name => doc.get(name))
  for (let i = 0; i < types.length && types.length < 20; i++)
    types.push(...types[i].toArray().filter(value => value instanceof Y.Type))
  const type = random.pick(types)
  const at = random.below(type.length + 1)
  const rest = type.length - at
  switch (random.below(8)) {
    case 0:
    case 1:
      return type.insert(at, words(random))
    case 2:
      return type.insert(at, words(random), { bold: jsonValue(random) })
    case 3:
      return type.insert(at, [new Y.Type('p'), ...(random.chance(0.5) ? [random.below(100), 'x', null] : [])])
    case 4:
      return type.insert(
        at,
        [anyValue(random) ?? 1n].map(value => (typeof value === 'bigint' ? [value] : value))
      )
    case 5:
      return type.setAttr(random.pick(['k', 'l']), random.chance(0.2) ? new Y.Type() : anyValue(random))
    case 6:
      return type.delete(at, Math.min(rest, random.pick([1, 2, rest])))
    default:
      return type.format(at, rest, { bold: random.pick([true, null]) })
  }
}

function load(updates) {
  const doc = new Y.Doc()
  for (const update of updates) Y.applyUpdate(doc, update)
  return doc
}

/** A peer that has a character cut in one copy shows it cut. */
const withoutPairs = text => text.replace(/[\ud800-\udbff][\udc00-\udfff]/g, '\ufffd\ufffd')

function view(doc) {
  const shown = ROOTS.map(name => show(doc.get(name)))
  const states = [...Y.decodeStateVector(Y.encodeStateVector(doc))].sort((a, b) => a[0] - b[0])
  return [...shown, JSON.stringify(states)].join('\n')
}

function show(value) {
  if (value instanceof Y.Type)
    return `<${value.name} ${showObject(value.getAttrs(), true)}> ${show(value.toDelta().toJSON().children)} [${value.toArray().map(show)}]`
  if (value instanceof Uint8Array) return `bytes ${hex(value)}`
  if (Array.isArray(value)) return `[${value.map(show)}]`
  if (typeof value === 'bigint') return `${value}n`
  if (Object.is(value, -0)) return '-0'
  if (typeof value === 'object' && value !== null) return showObject(value)
  return typeof value === 'string' ? JSON.stringify(value) : String(value)
}

function showObject(object, sorted = false) {
  const keys = Object.keys(object)
  return `{${(sorted ? keys.sort() : keys).map(key => `${JSON.stringify(key)}: ${show(object[key])}`)}}`
}

/**
 * In one update, Yjs 14 integrates nothing of a client after a struct that refers to a gap; in updates of their own, it does. So
 * the merged update is compared with a merge of Yjs 14. And it may keep what a gap held back until the next update (14.0.0-rc.7), so
 * what fills the gaps is merged, too.
 */
test('of a log with gaps, a Yjs 14 document shows the same from the merged update, and its updates have Skips', t => {
  let behindGaps = 0
  for (let seed = SEED; seed < SEED + DOCUMENTS; seed++) {
    const random = new Random(seed)
    const log = randomLog(random)
    const [missing, updates] = [[], []]
    for (const update of log) (random.chance(0.3) ? missing : updates).push(update)
    const doc = load(updates)
    behindGaps += doc.store.skips.clients.size
    const state = Y.encodeStateAsUpdate(doc)
    validateUpdate(state)
    for (const options of OPTIONS) {
      const merged = merge(random.shuffle(updates), options)
      const what = `seed ${seed} ${JSON.stringify(options)}`
      assert.equal(
        withoutPairs(view(load([merged]))),
        withoutPairs(view(load([Y.mergeUpdates(updates)]))),
        what
      )
      assert.equal(hex(encodeStateVectorFromUpdate(merged)), hex(Y.encodeStateVectorFromUpdate(merged)), what)
      const complete = view(load([merge([merged, ...missing])]))
      assert.equal(withoutPairs(complete), withoutPairs(view(load(log))), `${what}: filled`)
    }
    const peer = load(updates.slice(0, random.below(updates.length + 1)))
    Y.applyUpdate(peer, diffUpdate(merge([state]), Y.encodeStateVector(peer)))
    const known = merge([Y.encodeStateAsUpdate(peer), ...missing])
    assert.equal(
      withoutPairs(view(load([known]))),
      withoutPairs(view(load(log))),
      `seed ${seed}: a peer with gaps`
    )
  }
  assert(behindGaps > DOCUMENTS / 4, `${behindGaps} clients with gaps`)
  t.diagnostic(`seeds ${SEED} to ${SEED + DOCUMENTS - 1}: ${behindGaps} clients with gaps`)
})

test('a Yjs 14 document loaded from the merged update shows what the log shows', t => {
  let collected = 0
  for (let seed = SEED; seed < SEED + DOCUMENTS; seed++) {
    const random = new Random(seed)
    const updates = randomLog(random)
    updates.forEach(validateUpdate)
    const doc = load(updates)
    for (const options of OPTIONS) {
      const merged = merge(random.shuffle(updates), options)
      validateUpdate(merged)
      const expected = view(doc)
      const shown = view(load([merged]))
      const alsoShown = () => Array.from({ length: 8 }, () => view(load(random.shuffle(updates))))
      if (shown !== expected && !alsoShown().includes(shown))
        assert.equal(shown, expected, `seed ${seed} ${JSON.stringify(options)}`)
      assert.equal(
        hex(encodeStateVectorFromUpdate(merged)),
        hex(Y.encodeStateVectorFromUpdate(merged)),
        `seed ${seed}`
      )
    }
    const prefix = updates.slice(0, random.below(updates.length))
    const peer = load(prefix)
    Y.applyUpdate(peer, diffUpdate(merge(updates), Y.encodeStateVector(peer)))
    assert.equal(withoutPairs(view(peer)), withoutPairs(view(doc)), `seed ${seed}: a peer with a prefix`)
    collected += Y.encodeStateAsUpdate(doc).length - merge(updates, { wholeLog: true }).length
  }
  t.diagnostic(`seeds ${SEED} to ${SEED + DOCUMENTS - 1}: ${collected} bytes less than Yjs 14 writes`)
})
