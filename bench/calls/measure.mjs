/** What calls cost the event loop. Each function measures once, in this process, on the embedded DynamoDB in memory. */
import { performance } from 'node:perf_hooks'
import { setImmediate as turn } from 'node:timers/promises'
import { createRequire } from 'node:module'
import DynamoDbPersistence from '../../index.mjs'
import { typingTrace } from '../../scripts/trace.mjs'

const native = createRequire(import.meta.url)('../../lib/native.js')

const { getDynamoDbUpdates } = DynamoDbPersistence
const TABLE = 'docs'
const EMPTY_UPDATE = Uint8Array.of(0, 0)

/** A persistence on a database of its own. */
const open = options =>
  DynamoDbPersistence({ tableName: TABLE, aws: { region: 'local', endpoint: 'memory:' }, ...options })

const elapsed = work => {
  const begun = performance.now()
  work()
  return performance.now() - begun
}

const median = numbers => numbers.sort((a, b) => a - b)[numbers.length >> 1]

/** Milliseconds that `calls` native calls take that do next to nothing. */
export const emptyCalls = calls =>
  elapsed(() => {
    for (let i = 0; i < calls; i++) native.validateUpdate(EMPTY_UPDATE)
  })

/** Milliseconds for which `calls` calls of `storeUpdate` in one tick, spread over `documents`, block the loop. */
export const fired = async (calls, documents = 1) => {
  const persistence = open()
  const updates = typingTrace(calls)
  await persistence.storeUpdate('doc 0', updates[0])
  const stores = []
  const ms = elapsed(() => {
    for (let i = 0; i < calls; i++) stores.push(persistence.storeUpdate(`doc ${i % documents}`, updates[i]))
  })
  await Promise.all(stores)
  await persistence.close()
  return ms
}

/** The longest time in milliseconds between two turns of the loop until `work` is over. */
export const longestBlock = async work => {
  let [isOver, longest, last] = [false, 0, performance.now()]
  const over = work().finally(() => {
    isOver = true
  })
  while (!isOver) {
    await turn()
    const now = performance.now()
    longest = Math.max(longest, now - last)
    last = now
  }
  await over
  return longest
}

/**
 * The median milliseconds of one call more, while `waiting` calls wait for an answer: of the call itself (`call`), and until
 * a call on another persistence is answered (`roundTrip`); and the longest block of the loop when all that wait are answered
 * (`answers`).
 */
export const beside = async (waiting, times = 200) => {
  const persistence = open({ batchDelayMs: 600_000 })
  const other = open()
  await other.setMeta('doc', 'key', 1)
  const [update] = typingTrace(1)
  const calls = Array.from({ length: waiting }, () => persistence.storeUpdate('doc', update))
  await turn()
  const [call, roundTrip] = [[], []]
  for (let i = 0; i < times; i++) {
    call.push(
      elapsed(() => {
        calls.push(persistence.storeUpdate('doc', update))
      })
    )
    const begun = performance.now()
    await other.getMeta('doc', 'key')
    roundTrip.push(performance.now() - begun)
  }
  const answers = await longestBlock(async () => {
    await persistence.close()
    await Promise.all(calls)
  })
  await other.close()
  return { call: median(call), roundTrip: median(roundTrip), answers }
}

/** The longest block of the loop in milliseconds while `getDynamoDbUpdates` gives `items` items. */
export const listed = async items => {
  const persistence = open({ compactionItems: 0 })
  for (const update of typingTrace(items)) await persistence.storeUpdate('doc', update)
  const longest = await longestBlock(() => persistence.transact(db => getDynamoDbUpdates(db, TABLE, 'doc')))
  await persistence.close()
  return longest
}
