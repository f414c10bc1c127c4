/**
 * Stores updates of many documents at a steady rate, on the embedded DynamoDB in memory, in this process. Used by
 * `bench/load.mjs` and by a short test. Run it with `--expose-gc`, because garbage must not count as growth.
 */
import { monitorEventLoopDelay, performance } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import * as Y from 'yjs'
import DynamoDbPersistence from '../../index.mjs'

const TICK_MS = 10
const MIB = 2 ** 20

/**
 * The first `warmUp` of the `seconds` are not measured.
 *
 * @returns the number of stores, their rate, the slowest store, the delay of the event loop, and the growth of memory
 */
export async function run({ documents, perSecond, seconds, warmUp, options = {}, onSecond = () => {} }) {
  const persistence = DynamoDbPersistence({ tableName: 'load', aws: { endpoint: 'memory:' }, ...options })
  const updates = updatesOfOneKey(perSecond * (seconds + 1))
  const delay = monitorEventLoopDelay({ resolution: 1 })
  const state = { sent: 0, stored: 0, slowestMs: 0, failure: undefined }
  const samples = []
  const began = performance.now()
  let warm
  for (let at = 1; at <= seconds && state.failure === undefined; at++) {
    await second({ persistence, updates, documents, perSecond, until: began + at * 1_000, began, state })
    if (at === warmUp) warm = { at: performance.now(), stored: state.stored }
    // `memory` collects garbage, which blocks the event loop. That delay must not be measured.
    delay.disable()
    const sample = memory()
    if (at >= warmUp) delay.enable()
    onSecond({ at, ...sample, ...state, stats: persistence.stats() })
    if (at > warmUp) samples.push(sample)
  }
  delay.disable()
  const measured = (performance.now() - warm.at) / 1_000
  const storedPerSecond = (state.stored - warm.stored) / measured
  await persistence.close()
  if (state.failure !== undefined) throw state.failure
  return {
    sent: state.sent,
    storedPerSecond,
    slowestMs: state.slowestMs,
    blockedMs: { p50: delay.percentile(50) / 1e6, p99: delay.percentile(99) / 1e6, max: delay.max / 1e6 },
    rss: trend(samples.map(({ rss }) => rss)),
    heap: trend(samples.map(({ heap }) => heap))
  }
}

/** Stores the updates of one second, in ticks, documents in turn. A backlog is sent with at most twice the rate. */
async function second({ persistence, updates, documents, perSecond, until, began, state }) {
  const rate = (documents * perSecond) / 1_000
  const maxPerTick = Math.ceil(2 * TICK_MS * rate)
  while (performance.now() < until && state.failure === undefined) {
    const due = Math.min(Math.floor((performance.now() - began) * rate), state.sent + maxPerTick)
    for (; state.sent < due; state.sent++) {
      const at = performance.now()
      persistence
        .storeUpdate(`doc ${state.sent % documents}`, updates[Math.floor(state.sent / documents)])
        .then(
          () => {
            state.stored++
            state.slowestMs = Math.max(state.slowestMs, performance.now() - at)
          },
          error => {
            state.failure ??= error
          }
        )
    }
    await sleep(TICK_MS)
  }
}

/** Updates that set the same key of a map again and again, so that a merged document stays small. */
function updatesOfOneKey(count) {
  const doc = new Y.Doc()
  const updates = []
  doc.on('update', update => updates.push(update))
  for (let n = 0; n < count; n++) doc.getMap('map').set('key', n)
  return updates
}

function memory() {
  globalThis.gc?.()
  const { rss, heapUsed } = process.memoryUsage()
  return { rss: rss / MIB, heap: heapUsed / MIB }
}

/** Fits a straight line through the samples. Returns its first value (`mib`) and its growth. */
function trend(samples) {
  const middle = (samples.length - 1) / 2
  const mean = samples.reduce((sum, value) => sum + value, 0) / samples.length
  const above = samples.reduce((sum, value, n) => sum + (n - middle) * (value - mean), 0)
  const below = samples.reduce((sum, _, n) => sum + (n - middle) ** 2, 0)
  const slope = below === 0 ? 0 : above / below
  return { mib: mean - slope * middle, growth: slope * (samples.length - 1) }
}
