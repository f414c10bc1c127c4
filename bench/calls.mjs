/**
 * `npm run bench:calls [-- --check]`: what calls cost the event loop. The times are those of this machine; the ratios, to empty
 * native calls or to a process in which nothing waits, are worth comparing.
 *
 * `--check`: exit 1 where a goal is missed. Needs a release build of the addon (`npm run build`).
 */
import { parseArgs } from 'node:util'
import { beside, emptyCalls, fired, listed } from './calls/measure.mjs'
import { printTable, row } from './table.mjs'

const FIRED = 2_000
const WAITING = 20_000
const LISTED = 30_000
const ROUNDS = 5

const { values } = parseArgs({ options: { check: { type: 'boolean' } } })

const least = async measure => {
  const times = []
  for (let i = 0; i < ROUNDS; i++) times.push(await measure())
  return Math.min(...times)
}

const stores = await least(() => fired(FIRED))
const spread = await least(() => fired(FIRED, FIRED))
const empty = await least(() => emptyCalls(FIRED))
const alone = await beside(0)
const crowded = await beside(WAITING)
const rows = [
  row(`${FIRED} storeUpdate in one tick`, { ours: stores, goal: { most: 15 } }),
  row('the same on as many documents', { ours: spread }),
  row('the former, as a multiple of empty native calls', { ours: stores / empty, unit: '×' }),
  row(`one call beside ${WAITING} waiting, to one beside none`, {
    ours: crowded.call / alone.call,
    unit: '×',
    goal: { most: 2 }
  }),
  row('its round trip, to one beside none', {
    ours: crowded.roundTrip / alone.roundTrip,
    unit: '×',
    goal: { most: 2 }
  }),
  row('its round trip', { ours: crowded.roundTrip }),
  row(`longest block when ${WAITING} are answered`, { ours: crowded.answers }),
  row(`longest block of getDynamoDbUpdates, ${LISTED} items`, { ours: await listed(LISTED) })
]
const missed = printTable(rows, '')
if (values.check && missed > 0) process.exitCode = 1
