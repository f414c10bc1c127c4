/** Measures how long calls block the event loop. Each function measures once, in this process, on `memory:`. */
import { performance } from 'node:perf_hooks'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { createRequire } from 'node:module'
import DynamoDbPersistence from '../../index.mjs'
import { typingTrace } from '../../scripts/trace.mjs'

const native = createRequire(import.meta.url)('../../lib/native.js')

const { getDynamoDbUpdates } = DynamoDbPersistence
const TABLE = 'docs'
const EMPTY_UPDATE = Uint8Array.of(0, 0)

/** Creates a persistence with its own database. */
const open = options =>
  DynamoDbPersistence({ tableName: TABLE, aws: { region: 'local', endpoint: 'memory:' }, ...options })

const elapsed = work => {
  const start = performance.now()
  work()
  return performance.now() - start
}

const median = numbers => numbers.sort((a, b) => a - b)[numbers.length >> 1]

/** The duration in ms of `calls` native calls that do almost nothing. */
export const emptyCalls = calls =>
  elapsed(() => {
    for (let i = 0; i < calls; i++) native.validateUpdate(EMPTY_UPDATE)
  })

/** For how many ms `calls` calls of `storeUpdate` in one tick block the event loop. They are spread over `documents`. */
export const storeInOneTick = async (calls, documents = 1) => {
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

/** The longest time in ms between two turns of the event loop until the promise of `work` settles. */
export const longestBlock = async work => {
  let [isSettled, longest, last] = [false, 0, performance.now()]
  const settled = work().finally(() => {
    isSettled = true
  })
  while (!isSettled) {
    await nextTurn()
    const now = performance.now()
    longest = Math.max(longest, now - last)
    last = now
  }
  await settled
  return longest
}

/**
 * Measures with `pending` calls pending. Resolves with times in ms: the median of one more call (`call`), the median until a
 * call on another persistence resolves (`roundTrip`), and the longest block of the event loop while all pending calls resolve
 * (`answers`).
 */
export const withPending = async (pending, times = 200) => {
  const persistence = open({ batchDelayMs: 600_000 })
  const other = open()
  await other.setMeta('doc', 'key', 1)
  const [update] = typingTrace(1)
  const calls = Array.from({ length: pending }, () => persistence.storeUpdate('doc', update))
  await nextTurn()
  const [call, roundTrip] = [[], []]
  for (let i = 0; i < times; i++) {
    call.push(
      elapsed(() => {
        calls.push(persistence.storeUpdate('doc', update))
      })
    )
    const start = performance.now()
    await other.getMeta('doc', 'key')
    roundTrip.push(performance.now() - start)
  }
  const answers = await longestBlock(async () => {
    await persistence.close()
    await Promise.all(calls)
  })
  await other.close()
  return { call: median(call), roundTrip: median(roundTrip), answers }
}

/** The longest block of the event loop in ms while `getDynamoDbUpdates` returns `items` items. */
export const listUpdates = async items => {
  const persistence = open({ compactionItems: 0 })
  for (const update of typingTrace(items)) await persistence.storeUpdate('doc', update)
  const longest = await longestBlock(() => persistence.transact(db => getDynamoDbUpdates(db, TABLE, 'doc')))
  await persistence.close()
  return longest
}
