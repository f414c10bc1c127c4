/**
 * `npm run bench:calls [-- --check]`: measures how long calls block the event loop. The times depend on the machine. Compare the
 * ratios, which are relative to empty native calls or to a process without pending calls.
 *
 * `--check`: exits with 1 if a goal is missed. Needs a release build of the addon (`npm run build`).
 */
import { parseArgs } from 'node:util'
import { emptyCalls, listUpdates, storeInOneTick, withPending } from './calls/measure.mjs'
import { printTable, row } from './table.mjs'

const STORES = 2_000
const PENDING = 20_000
const ITEMS = 30_000
const ROUNDS = 5

const { values } = parseArgs({ options: { check: { type: 'boolean' } } })

const shortest = async measure => {
  const times = []
  for (let i = 0; i < ROUNDS; i++) times.push(await measure())
  return Math.min(...times)
}

const oneDocument = await shortest(() => storeInOneTick(STORES))
const manyDocuments = await shortest(() => storeInOneTick(STORES, STORES))
const empty = await shortest(() => emptyCalls(STORES))
const idle = await withPending(0)
const loaded = await withPending(PENDING)
const rows = [
  row(`${STORES} storeUpdate in one tick, one document`, { ours: oneDocument, goal: { most: 15 } }),
  row(`${STORES} storeUpdate in one tick, ${STORES} documents`, { ours: manyDocuments }),
  row('the first row, as a multiple of empty native calls', { ours: oneDocument / empty, unit: '×' }),
  row(`one call with ${PENDING} pending, as a multiple of one with none`, {
    ours: loaded.call / idle.call,
    unit: '×',
    goal: { most: 2 }
  }),
  row(`round trip with ${PENDING} pending, as a multiple of one with none`, {
    ours: loaded.roundTrip / idle.roundTrip,
    unit: '×',
    goal: { most: 2 }
  }),
  row(`round trip with ${PENDING} pending`, { ours: loaded.roundTrip }),
  row(`longest block while ${PENDING} calls resolve`, { ours: loaded.answers }),
  row(`longest block of getDynamoDbUpdates, ${ITEMS} items`, { ours: await listUpdates(ITEMS) })
]
const missed = printTable(rows, '')
if (values.check && missed > 0) process.exitCode = 1
