/**
 * One workload on one module, in a process of its own. Says when it is ready, gets the updates, tells what it took; once it is
 * told to end, it ends.
 *
 * node client.mjs '{ "module", "workload", "config" }'
 */
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { monitorEventLoopDelay, performance } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'

const { module, workload, config } = JSON.parse(process.argv[2])
const persistence = createRequire(import.meta.url)(module)(config)
const workloads = {
  /** Each is sent when the one before it is stored, as a slow typist does. */
  oneByOne: updates => async () => {
    for (const update of updates) await persistence.storeUpdate('one', update)
  },
  /** All at once, on one document. */
  atOnce: updates => () => Promise.all(updates.map(update => persistence.storeUpdate('at once', update))),
  /** The same on each of fifty documents, all at once. */
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

// The table is made, the first connection stands.
await persistence.getYDoc('warm')
await sleep(200)
process.send('ready')
const [messages] = await once(process, 'message')
const work = workloads[workload](messages.map(text => new Uint8Array(Buffer.from(text, 'base64'))))
globalThis.gc()
const memory = process.memoryUsage().rss
const delay = monitorEventLoopDelay({ resolution: 1 })
const cpu = process.cpuUsage()
// Looking at the event loop each millisecond costs more CPU than a store.
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
process.exit()
