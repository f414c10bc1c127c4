/**
 * `npm run bench:load -- [--documents N] [--seconds N] [--batch-delay MS] [--compaction-items N] [--verbose] [--check]`:
 * stores 5 updates a second in each of 2,000 documents for 60 s, on the embedded DynamoDB in memory, in this process. Measures
 * the growth of memory and the delay of the event loop.
 *
 * The database is in the memory of this process, so the documents must reach their final size during the warm-up (the first
 * half). By default they are compacted at 10 items, which they have after 10 s with a batch delay of 1,000 ms. The growth is
 * that of a straight line through one sample per second after the warm-up.
 *
 * `--check`: exits with 1 if a goal is missed. Needs a release build of the addon (`npm run build`).
 */
import { parseArgs } from 'node:util'
import { run } from './load/run.mjs'
import { printTable, row } from './table.mjs'

const PER_SECOND = 5
const { values } = parseArgs({
  options: {
    'documents': { type: 'string', default: '2000' },
    'seconds': { type: 'string', default: '60' },
    'batch-delay': { type: 'string', default: '1000' },
    'compaction-items': { type: 'string', default: '10' },
    'verbose': { type: 'boolean' },
    'check': { type: 'boolean' }
  }
})
const [documents, seconds] = [values.documents, values.seconds].map(Number)
const options = {
  batchDelayMs: Number(values['batch-delay']),
  compactionItems: Number(values['compaction-items'])
}

const onSecond = ({ at, rss, heap, sent, stored, stats: { compactions } }) => {
  if (!values.verbose) return
  const memory = `RSS ${rss.toFixed(0)} MiB, JS heap ${heap.toFixed(1)} MiB`
  console.log(`${at} s: ${sent} sent, ${sent - stored} pending, ${compactions.done} compactions, ${memory}`)
}
const measured = await run({
  documents,
  perSecond: PER_SECOND,
  seconds,
  warmUp: Math.ceil(seconds / 2),
  options,
  onSecond
})
const { storedPerSecond, slowestMs, blockedMs, rss, heap } = measured
console.log(`${documents} documents × ${PER_SECOND} updates/s for ${seconds} s, ${JSON.stringify(options)}`)
const missed = printTable(
  [
    row('stores per second', { ours: storedPerSecond, unit: '' }),
    row('slowest store', { ours: slowestMs }),
    row('event loop delay, p50', { ours: blockedMs.p50 }),
    row('event loop delay, p99', { ours: blockedMs.p99, goal: { most: 20 } }),
    row('event loop delay, max', { ours: blockedMs.max }),
    row('RSS after the warm-up', { ours: rss.mib, unit: 'MiB' }),
    row('RSS, growth', { ours: rss.growth, unit: 'MiB', goal: { most: rss.mib / 10 } }),
    row('JS heap after the warm-up', { ours: heap.mib, unit: 'MiB' }),
    row('JS heap, growth', { ours: heap.growth, unit: 'MiB', goal: { most: heap.mib / 10 } })
  ],
  ''
)
console.log(`${missed} goals missed`)
if (values.check && missed > 0) process.exitCode = 1
