/**
 * Runs one workload on one module, in its own process. Sends `ready`, receives the updates, sends the times and memory, and
 * exits after the next message.
 *
 * node client.mjs '{ "module", "workload", "config" }'
 */
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { monitorEventLoopDelay, performance } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'

const { module, workload, config } = JSON.parse(process.argv[2])
const open = createRequire(import.meta.url)(module)
const persistence = open(config)
const other = workload === 'inTurn' ? open(config) : undefined
const workloads = {
  /** Sends each update after the one before is stored, as a slow typist does. */
  oneByOne: updates => async () => {
    for (const update of updates) await persistence.storeUpdate('one', update)
  },
  /** Two persistences, as those of two servers, store in turn. */
  inTurn: updates => async () => {
    for (const [n, update] of updates.entries())
      await (n % 2 === 0 ? persistence : other).storeUpdate('in turn', update)
  },
  /** Sends all updates of one document at once. */
  atOnce: updates => () => Promise.all(updates.map(update => persistence.storeUpdate('at once', update))),
  /** Sends all updates of each of fifty documents at once. */
  documents: updates => () =>
    Promise.all(
      updates.flatMap(update =>
        Array.from({ length: 50 }, (_, n) => persistence.storeUpdate(`doc ${n}`, update))
      )
    ),
  load: () => () => persistence.getYDoc('load'),
  /** Fills the document that `load` loads. */
  fill: updates => async () => {
    for (const update of updates) await persistence.storeUpdate('load', update)
  }
}

// Waits until the table exists and a connection is open.
await persistence.getYDoc('warm')
await other?.getYDoc('warm')
await sleep(200)
process.send('ready')
const [messages] = await once(process, 'message')
const work = workloads[workload](messages.map(text => new Uint8Array(Buffer.from(text, 'base64'))))
globalThis.gc()
const memory = process.memoryUsage().rss
const delay = monitorEventLoopDelay({ resolution: 1 })
const cpu = process.cpuUsage()
// The monitor wakes each millisecond, which takes more CPU than a store.
if (workload === 'load') delay.enable()
const began = performance.now()
await work()
const ms = performance.now() - began
await sleep(20)
delay.disable()
const { user, system } = process.cpuUsage(cpu)
const rss = process.memoryUsage().rss - memory
process.send({ ms, cpuMs: (user + system) / 1_000, blockedMs: delay.max / 1e6, rss })
await once(process, 'message')
await persistence.close?.()
await other?.close?.()
process.exit()
