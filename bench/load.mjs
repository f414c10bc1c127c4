/**
 * `npm run bench:load -- [--documents N] [--seconds N] [--batch-delay MS] [--compaction-items N] [--verbose] [--check]`:
 * 2,000 documents at 5 updates a second each for 60 s on the embedded DynamoDB in memory, in this process: does memory grow, is
 * the event loop held up?
 *
 * The database lies in this memory too, so documents must be as large at the end of the warm-up (the first half) as they will
 * ever be: by default they are compacted at 10 items, which they have after 10 s with a delay of 1,000 ms. The growth is what a
 * straight line through the samples of each second gains over the rest.
 *
 * `--check`: exit 1 where a goal is missed. Needs a release build of the addon (`npm run build`).
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
  console.log(`${at} s: ${sent} sent, ${sent - stored} under way, ${compactions.done} compactions, ${memory}`)
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
    row('stored in a second', { ours: storedPerSecond, unit: '' }),
    row('the slowest store', { ours: slowestMs }),
    row('event loop delay, p50', { ours: blockedMs.p50 }),
    row('event loop delay, p99', { ours: blockedMs.p99, goal: { most: 20 } }),
    row('event loop delay, max', { ours: blockedMs.max }),
    row('RSS when warm', { ours: rss.mib, unit: 'MiB' }),
    row('RSS, growth', { ours: rss.growth, unit: 'MiB', goal: { most: rss.mib / 10 } }),
    row('JS heap when warm', { ours: heap.mib, unit: 'MiB' }),
    row('JS heap, growth', { ours: heap.growth, unit: 'MiB', goal: { most: heap.mib / 10 } })
  ],
  ''
)
console.log(`${missed} goals missed`)
if (values.check && missed > 0) process.exitCode = 1
