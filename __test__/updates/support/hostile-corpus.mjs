/** Hostile updates and logs by seed, and what must hold for them beside both versions of yjs. */

import assert from 'node:assert/strict'
import { applyToBoth, fillers, quietly } from './both.mjs'
import { merge, unreadable, validateUpdate } from './engine.mjs'
import { entryUpdates, hostileUpdate, mutate } from './hostile.mjs'
import { randomLog } from './logs.mjs'
import { Random } from './random.mjs'
import { decode, encode } from './structure.mjs'

/** How many seeds share one real log: to make one takes longer than all else. */
const SEEDS_PER_LOG = 500
const MAX_BYTES = 4_000

let real = { group: -1, updates: [] }

/** Updates of a real log, the same for all seeds of a group. */
function realUpdates (seed) {
  const group = Math.floor(seed / SEEDS_PER_LOG)
  if (real.group !== group) {
    const { updates } = randomLog(new Random(group))
    const all = [...updates, merge(updates, { gc: false })].filter(update => update.length <= MAX_BYTES)
    real = { group, updates: all.map(decode) }
  }
  return real.updates
}

function anyUpdate (random, updates) {
  return random.chance(0.5) ? hostileUpdate(random) : mutate(random, random.pick(updates))
}

function isValid (update) {
  try {
    validateUpdate(update)
    return true
  } catch (error) {
    assert.equal(error.code, 'ERR_INVALID_UPDATE')
    return false
  }
}

const optionsOf = random => ({ gc: random.chance(0.7), typed: random.chance(0.5) })

/** An update that validation accepts never makes yjs throw: by itself, or once its gaps are filled. `true` if it accepts. */
export function checkUpdate (seed) {
  const random = new Random(seed)
  const structure = anyUpdate(random, realUpdates(seed))
  const update = encode(structure)
  if (!isValid(update)) return false
  const options = optionsOf(random)
  named(seed, () => {
    applyToBoth([update], options)
    applyToBoth([update, ...random.shuffle(fillers(random, structure))], options)
  })
  return true
}

/** What is read of a log of valid updates never makes yjs throw. Gives how many of them were left out. */
export function checkLog (seed) {
  const random = new Random(seed)
  const updates = realUpdates(seed)
  const wanted = random.between(2, 10)
  const log = []
  const hosts = random.chance(0.5) ? entryUpdates(random) : []
  for (let i = 0; i < 4 * wanted && log.length < wanted; i++) {
    const update = encode(hosts.pop() ?? anyUpdate(random, updates))
    if (isValid(update)) log.push(update)
  }
  return named(seed, () => {
    const leftOut = unreadable(log)
    const read = log.filter((_, i) => !leftOut.includes(i))
    for (const options of [{ wholeLog: leftOut.length === 0 }, { gc: false }]) applyToBoth([merge(read, options)], optionsOf(random))
    return leftOut.length
  })
}

function named (seed, check) {
  try {
    return quietly(check)
  } catch (error) {
    error.message = `seed ${seed}: ${error.message}`
    throw error
  }
}
