/**
 * Every fault of DynamoDB and the network, while several documents are stored, read, flushed and cleared, with background
 * compaction: no acknowledged update is lost, no cleared one is back, and every rejection has its code.
 *
 * On the embedded DynamoDB, or on DynamoDB Local (`Y_DYNAMODB_TEST_ENGINE=local`), through the proxy.
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  ProxiedTable,
  delay,
  hang,
  loseResponse,
  pageOf,
  reset,
  serverError,
  throttle,
  unprocessed
} from '../support/proxy.mjs'
import { History } from './history.mjs'
import {
  LateDuplicates,
  allFaults,
  isBatch,
  isPaged,
  isSeal,
  isWrite,
  sometimes,
  staleReads
} from './random-faults.mjs'
import { random, reportSeed } from './random.mjs'
import { entriesOf, isIncomplete, makeOld } from './incomplete-sets.mjs'
import { Workload, idsIn } from './workload.mjs'

const DOCS = ['one', 'two', 'three', 'four']
const STEPS = 25
/** Compacts all the time. A busy machine reaches no timeout. */
const CONFIG = {
  compactionItems: 8,
  aws: { requestTimeoutMs: 30_000, operationTimeoutMs: 120_000, maxAttempts: 100 }
}
/** For requests without an answer. */
const SHORT_REQUESTS = {
  ...CONFIG,
  aws: { ...CONFIG.aws, requestTimeoutMs: 1_500, operationTimeoutMs: 20_000 }
}
/** For outages: ends by the number of attempts, which without an answer end by a timeout. */
const FEW_ATTEMPTS = { ...CONFIG, aws: { ...CONFIG.aws, maxAttempts: 3 } }
const FEW_SHORT_ATTEMPTS = { ...FEW_ATTEMPTS, aws: { ...FEW_ATTEMPTS.aws, requestTimeoutMs: 400 } }

/** Runs the workload under `rule`. @returns what `checkContent` needs */
async function runUnder(t, rule, { chance, codes = [], clears = true, config = CONFIG }) {
  reportSeed(t)
  const table = await ProxiedTable.before(t)
  const history = new History()
  const persistence = table.open(t, config)
  const work = new Workload(persistence, history, chance, { clears })
  await persistence.getYDoc('warm')
  table.rule(rule)
  await work.run(DOCS, STEPS)
  checkRejections(work, codes)
  const { stores, acknowledged } = history.counts
  t.diagnostic(`${table.requests.length} requests; ${acknowledged} of ${stores} stores acknowledged`)
  return { table, history, persistence, work }
}

function checkRejections(work, codes) {
  for (const { operation, error } of work.rejections) {
    assert(codes.includes(error.code), `${operation}: ${error.stack}`)
    assert.equal(error.retryable, true)
  }
}

/** Checks what another persistence reads at the end, before and after two flushes, which leave one entry of each document. */
async function checkContent(t, { table, history, persistence }) {
  await persistence.close()
  table.rule(() => undefined)
  const other = table.open(t, { compactionItems: 0 })
  const check = async moment => {
    for (const doc of DOCS) {
      const verdict = history.check(doc, idsIn(await other.getYDoc(doc)))
      assert.deepEqual(verdict, { lost: [], back: [], unknown: [] }, `${doc} ${moment}`)
    }
  }
  await check('at the end')
  for (const doc of DOCS) {
    await makeOld(table, doc)
    await other.flushDocument(doc)
    await other.flushDocument(doc)
    const left = await entriesOf(table, doc)
    assert(left.length <= 1 && !left.some(isIncomplete), `${doc}: ${JSON.stringify(left)}`)
  }
  await check('after two flushes')
}

/** Every call rejects during the outage, and none before and after it. */
async function outage(t, fault, code) {
  const chance = random()
  const table = await ProxiedTable.before(t)
  const history = new History()
  const working = table.open(t, CONFIG)
  const failing = table.open(t, {
    ...(fault === hang ? FEW_SHORT_ATTEMPTS : FEW_ATTEMPTS),
    skipCreateTable: true
  })
  const before = new Workload(working, history, chance)
  await before.run(DOCS, 10)
  table.rule(() => fault)
  const during = new Workload(failing, history, chance)
  await Promise.all(DOCS.map(doc => during.callAll(doc)))
  assert.equal(during.rejections.length, 4 * DOCS.length)
  checkRejections(during, [code])
  table.rule(() => undefined)
  await before.run(DOCS, 10)
  assert.deepEqual(before.rejections, [])
  await failing.close()
  await checkContent(t, { table, history, persistence: working })
}

describe('a fault in a share of the requests', { concurrency: 4 }, () => {
  const faults = {
    'latency, so that answers come in another order': [
      chance => sometimes(chance, 0.7, () => delay(chance() * 60))
    ],
    'a throttle': [chance => sometimes(chance, 0.25, () => throttle), 'ERR_THROTTLED'],
    'a 500': [chance => sometimes(chance, 0.25, () => serverError), 'ERR_UNAVAILABLE'],
    'a connection that resets': [chance => sometimes(chance, 0.25, () => reset), 'ERR_UNAVAILABLE'],
    'a response that is lost after the write': [
      chance => sometimes(chance, 0.3, () => loseResponse, isWrite),
      'ERR_UNAVAILABLE'
    ],
    'items that a batch leaves unprocessed': [
      chance => sometimes(chance, 0.8, () => unprocessed(Math.floor(chance() * 4)), isBatch)
    ],
    'pages that end early': [
      chance => sometimes(chance, 0.9, () => pageOf(1 + Math.floor(chance() * 4)), isPaged)
    ]
  }
  for (const [what, [rule, ...codes]] of Object.entries(faults)) {
    test(what, async t => {
      const chance = random()
      // A call may meet faults for longer than the operation timeout.
      await checkContent(t, await runUnder(t, rule(chance), { chance, codes }))
    })
  }

  test('a socket that hangs', async t => {
    const chance = random()
    const rule = sometimes(chance, 0.06, () => hang)
    await checkContent(
      t,
      await runUnder(t, rule, { chance, codes: ['ERR_UNAVAILABLE'], config: SHORT_REQUESTS })
    )
  })

  test('stale reads: every read is strongly consistent', async t => {
    const seen = []
    const after = await runUnder(t, staleReads(seen), { chance: random() })
    const { persistence } = after
    await persistence.getAllDocNames()
    await persistence.getAllDocStateVectors()
    await persistence.setMeta('one', 'key', 1)
    assert.equal(await persistence.getMeta('one', 'key'), 1)
    await persistence.getMetas('one')
    assert.deepEqual(seen, [])
    await checkContent(t, after)
  })

  test('writes that arrive a second time, late', async t => {
    const chance = random()
    // A head and its seal that are both applied after the delete of their set look like damage, which `repair` resolves
    // (ARCHITECTURE.md, Read). tests/log/damage.rs has that.
    const of = request => isWrite(request) && !isSeal(request)
    const late = new LateDuplicates(chance, { share: 0.5, withinMs: 300, of })
    // A duplicate that is applied after a clear brings its update back: so the clear comes after the last duplicate.
    const { table, history, persistence, work } = await runUnder(t, late.rule, { chance, clears: false })
    assert(late.count > 30, `${late.count} duplicates`)
    await late.ended()
    table.rule(() => undefined)
    await work.clear('one')
    await checkContent(t, { table, history, persistence })
  })

  test('everything at once', async t => {
    const chance = random()
    const codes = ['ERR_THROTTLED', 'ERR_UNAVAILABLE']
    await checkContent(t, await runUnder(t, allFaults(chance), { chance, codes, config: SHORT_REQUESTS }))
  })
})

describe('a fault in every request for a while', { concurrency: 4 }, () => {
  const faults = {
    'a throttle': [throttle, 'ERR_THROTTLED'],
    'a 500': [serverError, 'ERR_UNAVAILABLE'],
    'a connection that resets': [reset, 'ERR_UNAVAILABLE'],
    'a socket that hangs': [hang, 'ERR_UNAVAILABLE'],
    'a response that is lost': [loseResponse, 'ERR_UNAVAILABLE']
  }
  for (const [what, [fault, code]] of Object.entries(faults)) {
    test(what, t => outage(t, fault, code))
  }
})
