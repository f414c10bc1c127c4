/** A short `npm run bench:load`: memory does not grow with the stored bytes. It does not check times. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import v8 from 'node:v8'
import vm from 'node:vm'
import { run } from '../../bench/load/run.mjs'
import { onceOnly } from '../support/dynamodb.mjs'

v8.setFlagsFromString('--expose-gc')
globalThis.gc = vm.runInNewContext('gc')

test(
  '100 documents, 5 updates a second each, for 8 s: memory does not grow',
  { ...onceOnly, timeout: 120_000 },
  async t => {
    const { sent, storedPerSecond, rss, heap } = await run({
      documents: 100,
      perSecond: 5,
      seconds: 8,
      warmUp: 4
    })
    t.diagnostic(
      `${sent} updates, ${storedPerSecond.toFixed(0)} a second; growth: RSS ${rss.growth.toFixed(1)} MiB, JS heap ${heap.growth.toFixed(2)} MiB`
    )
    // The database is in the same process: 2,000 items of some hundred bytes, and a backlog on a busy machine.
    assert(rss.growth < 32, `RSS grew by ${rss.growth} MiB`)
    assert(heap.growth < 4, `the JS heap grew by ${heap.growth} MiB`)
  }
)
