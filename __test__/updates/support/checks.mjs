/** What must hold for every update log. Each check throws an `AssertionError` if it does not. */

import assert from 'node:assert/strict'
import * as Y from 'yjs'
import {
  diffUpdate,
  encodeStateVectorFromUpdate,
  merge,
  mergeReadable,
  validateUpdate,
  verify
} from './engine.mjs'
import { deletedIdsOf, idsOf, rangesOf, read, unitsOf } from './structs.mjs'
import { encode } from './structure.mjs'
import { load, showRanges, view, waitingIds } from './view.mjs'

const hex = update => Buffer.from(update).toString('hex')

/** Every way to merge; a check takes the first, which is the log's own, and one of the others. */
const OPTIONS = [
  { gc: true, wholeLog: true },
  { gc: true },
  { gc: true, squash: false },
  { gc: false },
  { gc: false, squash: false }
]

/** A `Y.Doc` that loads the merged update shows what one that loaded the log shows. */
export function showsTheSame(updates, random, stats) {
  for (const options of [OPTIONS[0], random.pick(OPTIONS.slice(1))]) {
    const merged = merge(disordered(updates, random), options)
    validateUpdate(merged)
    assertShows(merged, updates, random, stats, JSON.stringify(options))
  }
}

/**
 * `update` shows what a document shows that applied `log`. Where yjs itself shows one thing or another, as the order and
 * the transactions have it (a character cut in one copy and whole in another, formats it tidied up), one of them.
 */
export function assertShows(update, log, random, stats, what, gc = random.chance(0.7)) {
  const shown = view(load([update], { gc }))
  const expected = view(load(log, { gc }))
  if (shown === expected) return
  if (hasCutCharacters(log) && withoutPairs(shown) === withoutPairs(expected)) {
    stats.cutCharacters++
    return
  }
  if (Array.from({ length: 12 }, () => view(load(random.shuffle(log), { gc }))).includes(shown)) {
    stats.ambiguous++
    return
  }
  assert.equal(shown, expected, what)
}

/** Some copy of a character has U+FFFD for its half. */
function hasCutCharacters(updates) {
  const halves = new Set()
  const replaced = new Set()
  for (const update of updates) {
    for (const [id, { kind, content }] of unitsOf(update)) {
      if (kind !== 'String') continue
      if (isHalf(content)) halves.add(id)
      else if (content === '\ufffd') replaced.add(id)
    }
  }
  for (const id of replaced) if (halves.has(id)) return true
  return false
}

const withoutPairs = text => text.replace(/[\ud800-\udbff][\udc00-\udfff]/g, '\ufffd\ufffd')

/** Shuffled, some twice, some already merged: the same updates. */
export function disordered(updates, random) {
  const list = [...updates, ...updates.filter(() => random.chance(0.1))]
  if (list.length > 2 && random.chance(0.3)) list.push(Y.mergeUpdates(random.some(list, 0.3)))
  return random.shuffle(list)
}

/** The bytes depend on the set of updates only: not on order, grouping, repetition. */
export function givesTheSameBytes(updates, random) {
  for (const options of [{ gc: true, wholeLog: true }, { gc: true }, { gc: false }]) {
    const merged = merge(updates, options)
    const same = (other, what) => assert.equal(hex(other), hex(merged), `${what} ${JSON.stringify(options)}`)
    same(merge(random.shuffle(updates), options), 'order')
    same(merge([...updates, ...random.some(updates, 0.3)], options), 'repetition')
    same(merge([merged], options), 'idempotence')
    same(merge([merged, merged], options), 'idempotence')
    // What a tail's merge collected, a later copy brings back as deleted content: the next merge of the whole log takes it.
    if (options.wholeLog || !options.gc)
      same(merge([merged, ...random.some(updates, 0.3)], options), 'absorption')
  }
}

/** Merging in groups and merging the groups is merging all. */
export function isAssociative(updates, random) {
  const groups = [[], [], []]
  for (const update of updates) random.pick(groups).push(update)
  const [a, b, c] = groups.map(group => merge(group, { gc: false }))
  const all = hex(merge(updates, { gc: false }))
  assert.equal(hex(merge([merge([a, b], { gc: false }), c], { gc: false })), all, '(a b) c')
  assert.equal(hex(merge([a, merge([c, b], { gc: false })], { gc: false })), all, 'a (c b)')
}

/** Compaction of any parts, again and again, loses and adds nothing. */
export function survivesRounds(updates, random, stats) {
  let log = [...updates]
  for (let round = random.between(1, 5); round > 0 && log.length > 1; round--) {
    const chosen = new Set(random.some(log, random.pick([0.2, 0.5, 0.8])))
    const compacted = merge([...chosen], { gc: true })
    log = log.filter(update => !chosen.has(update))
    log.splice(random.below(log.length + 1), 0, compacted)
  }
  assertShows(merge(log, { gc: true, wholeLog: true }), updates, random, stats, 'merged after rounds')
  assertShows(merge(log, { gc: true }), updates, random, stats, 'merged after rounds, as a tail')
  assert.equal(
    hex(merge(random.shuffle(log), { gc: false })),
    hex(merge(log, { gc: false })),
    'order after rounds'
  )
}

/** With updates missing: what waits, waits; what comes later, before or after a second merge, completes it. */
export function waitsForGaps(updates, random, stats) {
  const kept = random.some(updates, random.pick([0.3, 0.6, 0.9]))
  const missing = updates.filter(update => !kept.includes(update))
  const whole = random.chance(0.5)
  const merged = merge(random.shuffle(kept), { gc: random.chance(0.8), wholeLog: false })
  assert.equal(
    hex(encodeStateVectorFromUpdate(merged)),
    hex(Y.encodeStateVectorFromUpdate(merged)),
    'state vector with gaps'
  )
  const half = Y.encodeStateVector(load(kept.slice(0, kept.length / 2)))
  assert.deepEqual(
    structsOf(diffUpdate(merged, half)),
    structsOf(Y.diffUpdate(merged, half)),
    'the structs of Y.diffUpdate with gaps'
  )
  // A copy that was collected and one that waits: the document takes the first, the merge keeps the second. Nothing is
  // lost: once complete, they are the same.
  if (gcCopies(kept).length > 0) {
    stats.collectedCopies++
    assertWaitsLonger(merged, kept)
  } else {
    assertShows(merged, kept, random, stats, 'with a gap')
  }
  assertShows(
    merge([merged, ...random.shuffle(missing)], { gc: true, wholeLog: whole }),
    updates,
    random,
    stats,
    'merged when complete'
  )
  const doc = load([merged, ...random.shuffle(missing)])
  assertShows(Y.encodeStateAsUpdate(doc), updates, random, stats, 'applied when complete', true)
}

/**
 * A read takes the GC copy of an item that waits, like a document. GC copies are deleted, also where an item wins. Updates
 * that come later complete what was read.
 */
export function readsGcCopies(updates, random, stats) {
  const kept = random.some(updates, random.pick([0.3, 0.6, 0.9]))
  const missing = random.shuffle(updates.filter(update => !kept.includes(update)))
  const squash = random.chance(0.5)
  const readable = mergeReadable(random.shuffle(kept), { wholeLog: true, squash })
  validateUpdate(readable)
  const copies = gcCopies(kept)
  if (copies.length === 0) return
  const deletions = encode({
    sections: [],
    deletions: copies.map(([client, clock]) => ({ client, ranges: [[clock, 1]] }))
  })
  assertShows(readable, [...kept, deletions], random, stats, 'read with a gap', true)
  if (hex(readable) !== hex(merge(kept, { wholeLog: true, squash }))) stats.taken++
  // yjs throws if it has GC of the first ids of an item that it integrates. The updates have no such item, but a merge that
  // joins structs can.
  const completed = squash
    ? merge([readable, ...missing], { wholeLog: true })
    : Y.encodeStateAsUpdate(load([readable, ...missing]))
  assertShows(completed, updates, random, stats, 'read, then completed', true)
}

/** The ids that are GC in one update and an item in another, as `[client, clock]`. */
function gcCopies(updates) {
  const gc = new Set()
  const items = new Set()
  for (const update of updates) {
    for (const [id, { kind }] of unitsOf(update)) (kind === 'GC' ? gc : items).add(id)
  }
  return [...gc].filter(id => items.has(id)).map(id => id.split(':').map(Number))
}

function assertWaitsLonger(merged, log) {
  const ours = load([merged])
  const theirs = Y.decodeStateVector(Y.encodeStateVector(load(log)))
  const waiting = waitingIds(ours)
  for (const [client, clock] of Y.decodeStateVector(Y.encodeStateVector(ours))) {
    assert.ok(clock <= (theirs.get(client) ?? 0), `client ${client} is ahead`)
  }
  for (const [client, clock] of theirs) {
    const known = Y.getState(ours.store, client)
    if (known < clock)
      assert.ok(
        waiting.get(client)?.some(([from, to]) => from <= known && known < to),
        `client ${client} lost ids`
      )
  }
}

/** A peer that has a part of the log gets the rest by a diff. */
export function bringsPeersUpToDate(updates, random, stats) {
  const merged = merge(updates, { gc: random.chance(0.7), wholeLog: random.chance(0.5) })
  assert.equal(
    hex(encodeStateVectorFromUpdate(merged)),
    hex(Y.encodeStateVectorFromUpdate(merged)),
    'state vector'
  )
  const had = updates.slice(0, random.below(updates.length + 1))
  const peer = load(had)
  const stateVector = Y.encodeStateVector(peer)
  const diff = diffUpdate(merged, stateVector)
  validateUpdate(diff)
  Y.applyUpdate(peer, diff)
  assertShows(Y.encodeStateAsUpdate(peer), updates, random, stats, 'a peer with a prefix', true)
  assert.deepEqual(
    structsOf(diff),
    structsOf(Y.diffUpdate(merged, stateVector)),
    'the structs of Y.diffUpdate'
  )
  assert.equal(showRanges(deletedRanges(diff)), showRanges(deletedRanges(merged)), 'the whole delete set')
}

const structsOf = update =>
  read(update)
    .structs.filter(struct => struct.kind !== 'Skip')
    .map(struct => JSON.stringify(struct))

const deletedRanges = update => rangesOf(read(update).deleted)

/** The second reading passes each round of a compaction, and notices when an update is missing. */
export function isVerified(updates, random) {
  const kept = random.some(updates, 0.5)
  const merged = merge(kept)
  verify(kept, merged)
  const log = [merged, ...updates.filter(update => !kept.includes(update))]
  verify(log, merge(log, { wholeLog: true }))
  const all = merge(updates, { gc: false })
  if (showRanges(idsOf(all)) !== showRanges(idsOf(merged)))
    assert.throws(() => verify(updates, merged), /lacks ids/)
}

/** The output holds exactly the ids of the inputs, exactly their deletions, and each unit as one of them has it. */
export function keepsEveryUnit(updates, random) {
  const inputs = updates.map(unitsOf)
  const copies = new Map()
  for (const units of inputs) {
    for (const [id, unit] of units) {
      if (!copies.has(id)) copies.set(id, [])
      copies.get(id).push(unit)
    }
  }
  const deletedIn = deletedIdsOf(merge(updates, { gc: false, squash: false }))
  const deletedHere = rangesOf([
    ...updates.flatMap(update =>
      [...deletedIdsOf(update)].flatMap(([client, ranges]) =>
        ranges.map(([from, to]) => ({ client, clock: from, length: to - from }))
      )
    ),
    ...gcCopies(updates).map(([client, clock]) => ({ client, clock, length: 1 }))
  ])
  assert.equal(showRanges(deletedIn), showRanges(deletedHere), 'deletions')
  for (const options of [OPTIONS[0], random.pick(OPTIONS.slice(1))]) {
    const merged = merge(random.shuffle(updates), options)
    const what = JSON.stringify(options)
    assert.equal(
      showRanges(idsOf(merged)),
      showRanges(
        rangesOf(
          updates.flatMap(update =>
            [...idsOf(update)].flatMap(([client, ranges]) =>
              ranges.map(([from, to]) => ({ client, clock: from, length: to - from }))
            )
          )
        )
      ),
      `ids ${what}`
    )
    verify(updates, merged)
    for (const [id, unit] of unitsOf(merged))
      assertIsACopy(id, unit, copies.get(id), id => isIn(deletedIn, id), options)
  }
}

function isIn(ranges, id) {
  const [client, clock] = id.split(':').map(Number)
  return ranges.get(client)?.some(([from, to]) => from <= clock && clock < to) ?? false
}

const isHalf = text => /^[\ud800-\udfff]$/.test(text)

function assertIsACopy(id, unit, copies, isDeletedId, { gc }) {
  const isDeleted = isDeletedId(id)
  const what = () => `${id}: ${JSON.stringify(unit)} of ${JSON.stringify(copies)} deleted: ${isDeleted}`
  const items = copies.filter(copy => copy.kind !== 'GC')
  if (unit.kind === 'GC') return assert.ok(gc || items.length === 0, `collected without gc: ${what()}`)
  assert.ok(
    items.some(copy => copy.place === unit.place),
    `place ${what()}`
  )
  const whole = items.filter(copy => copy.kind !== 'Deleted')
  if (unit.kind === 'Deleted')
    return assert.ok(whole.length === 0 || (gc && isDeleted), `content lost ${what()}`)
  assert.ok(!(gc && isDeleted), `content kept ${what()}`)
  // Half a character is replaced only if the other half is dropped.
  const half = whole.find(copy => copy.kind === 'String' && isHalf(copy.content))?.content
  if (half !== undefined && unit.content === '\ufffd') {
    const [client, clock] = id.split(':').map(Number)
    const other = `${client}:${clock + (half < '\udc00' ? 1 : -1)}`
    return assert.ok(gc && isDeletedId(other), `cut ${what()}`)
  }
  assert.ok(
    whole.some(copy => copy.kind === unit.kind && copy.content === unit.content),
    `content ${what()}`
  )
}

/** Not larger than what yjs writes for the same document; the sums go to `stats`. */
export function isSmall(updates, random, stats) {
  const doc = load(updates)
  const theirs = Y.encodeStateAsUpdate(doc)
  if (doc.store.pendingStructs === null && doc.store.pendingDs === null) {
    assert.ok(merge([theirs]).length <= theirs.length, `${merge([theirs]).length} bytes of ${theirs.length}`)
    stats.theirBytes += theirs.length
    stats.ourBytes += merge(updates, { wholeLog: true }).length
    stats.ourTailBytes += merge(updates).length
  }
}
