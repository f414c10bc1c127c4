/** Hostile updates and logs by seed, and what must hold for them beside both versions of yjs. */

import assert from 'node:assert/strict'
import { applyToBoth, fillers, quietly } from './both.mjs'
import { merge, mergeReadable, salvage, validateUpdate } from './engine.mjs'
import { entryUpdates, hostileUpdate, mutate } from './hostile-updates.mjs'
import { randomLog } from '../../../scripts/yjs-logs/logs.mjs'
import { Random } from '../../../scripts/yjs-logs/random.mjs'
import { decode, encode, KIND } from './structure.mjs'

/** How many seeds share one real log: to make one takes longer than all else. */
const SEEDS_PER_LOG = 500
const MAX_BYTES = 4_000

let real = { group: -1, updates: [] }

/** Updates of a real log, the same for all seeds of a group. */
function realUpdates(seed) {
  const group = Math.floor(seed / SEEDS_PER_LOG)
  if (real.group !== group) {
    const { updates } = randomLog(new Random(group))
    const all = [...updates, merge(updates, { gc: false })].filter(update => update.length <= MAX_BYTES)
    real = { group, updates: all.map(decode) }
  }
  return real.updates
}

function anyUpdate(random, updates) {
  return random.chance(0.5) ? hostileUpdate(random) : mutate(random, random.pick(updates))
}

/** Whether validation accepts an update. */
export function isValid(update) {
  try {
    validateUpdate(update)
    return true
  } catch (error) {
    assert.equal(error.code, 'ERR_INVALID_UPDATE')
    return false
  }
}

const optionsOf = random => ({ gc: random.chance(0.7), typed: random.chance(0.5) })

/**
 * Validation accepts an update only if yjs applies it without throwing. Others are salvaged, and yjs applies the result.
 * Then the gaps of the update are filled: see `checkTogether`. Returns `true` if validation accepts the update.
 */
export function checkUpdate(seed) {
  return named(seed, () => {
    const random = new Random(seed)
    const structure = anyUpdate(random, realUpdates(seed))
    const update = encode(structure)
    const valid = isValid(update)
    const options = optionsOf(random)
    const salvaged = salvageOf(update)
    if (salvaged === null) return valid
    if (valid) assert.deepEqual(Buffer.from(salvaged.update), Buffer.from(update))
    else assertSalvaged(structure, salvaged)
    applyToBoth([salvaged.update], options)
    checkTogether([salvaged.update, ...random.shuffle(fillers(random, structure))], options)
    return valid
  })
}

/**
 * Yjs applies valid updates one after another without throwing, unless they conflict: their merge for a read has
 * tombstones that the plain merge lacks. Yjs always applies what is read. Returns `true` if the updates conflict.
 */
export function checkTogether(updates, options) {
  const conflict = !isSame(mergeReadable(updates, { gc: false }), merge(updates, { gc: false }))
  if (conflict) checkRead(updates, options)
  else applyToBoth(updates, options)
  return conflict
}

const isSame = (a, b) => Buffer.compare(a, b) === 0

/** What is read of valid updates is valid, and yjs applies it without throwing. */
function checkRead(updates, options) {
  for (const merging of [{ wholeLog: true }, { gc: false }]) {
    const read = mergeReadable(updates, merging)
    assert.ok(isValid(read), `[${read}] is refused, read with ${JSON.stringify(merging)}`)
    applyToBoth([read], options)
  }
}

/** What is salvaged of an update; `null` where the end of a struct is not known. */
function salvageOf(update) {
  try {
    return salvage(update)
  } catch (error) {
    assert.equal(error.code, 'ERR_INVALID_UPDATE')
    return null
  }
}

/** Each struct is as it was, or has become a tombstone or GC of its length; those of no length are gone. */
function assertSalvaged(structure, { update, reason }) {
  assert.equal(typeof reason, 'string')
  assert.ok(isValid(update), `[${update}] is refused`)
  const salvaged = decode(update)
  assert.equal(salvaged.sections.length, structure.sections.length)
  for (const [i, { client, clock, structs }] of structure.sections.entries()) {
    const section = salvaged.sections[i]
    const held = structs.filter(({ length }) => length > 0)
    assert.deepEqual([section.client, section.clock, section.structs.length], [client, clock, held.length])
    for (const [j, before] of held.entries()) assertReplaced(before, section.structs[j])
  }
}

function assertReplaced(before, after) {
  assert.equal(after.length, before.length)
  if (after.kind === KIND.GC) return
  const names = ({ origin, right, parent, key }) => (origin || right ? [origin, right] : [parent, key])
  assert.deepEqual(names(after), names(before))
  if (after.kind !== KIND.DELETED)
    assert.deepEqual([after.kind, after.content], [before.kind, before.content])
}

/** What is read of a log of valid updates never makes yjs throw. Returns `true` if the log as it is stored is refused. */
export function checkLog(seed) {
  return named(seed, () => {
    const random = new Random(seed)
    const updates = realUpdates(seed)
    const wanted = random.between(2, 10)
    const log = []
    const hosts = random.chance(0.5) ? entryUpdates(random) : []
    for (let i = 0; i < 4 * wanted && log.length < wanted; i++) {
      const update = salvageOf(encode(hosts.pop() ?? anyUpdate(random, updates)))?.update
      if (update !== undefined) log.push(update)
    }
    checkRead(log, optionsOf(random))
    return !isValid(merge(log, { gc: false }))
  })
}

/** Runs a check and puts the seed in front of its failure. */
function named(seed, check) {
  try {
    return quietly(check)
  } catch (error) {
    throw new Error(`seed ${seed}: ${error.message}`, { cause: error })
  }
}

/** Updates on which an earlier version failed, each valid by itself. `conflict`: they make yjs throw together. */
export const REGRESSIONS = [
  {
    name: 'a gap is filled with several values in one struct of a map, which a deletion of the first update splits',
    conflict: true,
    updates: [
      [2, 1, 2, 0, 40, 0, 1, 1, 1, 107, 1, 126, 1, 1, 1, 135, 1, 0, 1, 2, 2, 1, 2, 1, 1, 1, 1, 1],
      [1, 1, 2, 1, 132, 2, 0, 2, 120, 120, 0],
      [1, 1, 1, 0, 4, 1, 1, 97, 1, 120, 0]
    ]
  },
  {
    name: 'the same gap is filled as yjs does: one value in each struct of a map, and the one before is deleted',
    conflict: false,
    updates: [
      [2, 1, 2, 0, 40, 0, 1, 1, 1, 107, 1, 126, 1, 1, 1, 135, 1, 0, 1, 2, 2, 1, 2, 1, 1, 1, 1, 1],
      [1, 2, 2, 1, 136, 2, 0, 1, 126, 136, 2, 1, 1, 126, 1, 2, 1, 0, 2],
      [1, 1, 1, 0, 4, 1, 1, 97, 1, 120, 0]
    ]
  },
  {
    name: 'structs that wait for each other, and that a merge joins',
    conflict: false,
    updates: [
      [2, 2, 4, 4, 36, 0, 1, 1, 1, 107, 3, 120, 121, 122, 132, 4, 6, 2, 97, 98, 1, 1, 1, 135, 4, 7, 1, 0]
    ]
  }
].map(({ updates, ...rest }) => ({ ...rest, updates: updates.map(update => Uint8Array.from(update)) }))

/** Checks one of `REGRESSIONS`. */
export function checkRegression({ updates, conflict }) {
  assert.ok(updates.every(isValid))
  quietly(() => {
    assert.equal(checkTogether(updates), conflict)
    checkRead(updates)
  })
}
