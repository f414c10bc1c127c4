/** Hostile updates and logs by seed, and what must hold for them beside both versions of yjs. */

import assert from 'node:assert/strict'
import { applyToBoth, fillers, quietly } from './both.mjs'
import { merge, mergeReadable, salvage, validateUpdate } from './engine.mjs'
import { entryUpdates, hostileUpdate, mutate } from './hostile.mjs'
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
 * An update that validation accepts never makes yjs throw: by itself, or once its gaps are filled. Nor does what is salvaged
 * of one that it refuses. `true` if it accepts.
 */
export function checkUpdate(seed) {
  const random = new Random(seed)
  const structure = anyUpdate(random, realUpdates(seed))
  const update = encode(structure)
  const valid = isValid(update)
  const options = optionsOf(random)
  named(seed, () => {
    const salvaged = salvageOf(update)
    if (salvaged === null) return
    if (valid) assert.deepEqual(Buffer.from(salvaged.update), Buffer.from(update))
    else assertSalvaged(structure, salvaged)
    applyToBoth([salvaged.update], options)
    applyToBoth([salvaged.update, ...random.shuffle(fillers(random, structure))], options)
  })
  return valid
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

/** What is read of a log of valid updates never makes yjs throw. Tells whether the log as it is stored is refused. */
export function checkLog(seed) {
  const random = new Random(seed)
  const updates = realUpdates(seed)
  const wanted = random.between(2, 10)
  const log = []
  const hosts = random.chance(0.5) ? entryUpdates(random) : []
  for (let i = 0; i < 4 * wanted && log.length < wanted; i++) {
    const update = salvageOf(encode(hosts.pop() ?? anyUpdate(random, updates)))?.update
    if (update !== undefined) log.push(update)
  }
  return named(seed, () => {
    for (const options of [{ wholeLog: true }, { gc: false }]) {
      const read = mergeReadable(log, options)
      assert.ok(isValid(read), 'what is read is refused')
      applyToBoth([read], optionsOf(random))
    }
    return !isValid(merge(log, { gc: false }))
  })
}

function named(seed, check) {
  try {
    return quietly(check)
  } catch (error) {
    error.message = `seed ${seed}: ${error.message}`
    throw error
  }
}
