/**
 * Each fault that DynamoDB or the network can show, while several documents are stored, read, flushed and cleared, with
 * background compaction at work: nothing acknowledged is lost, nothing cleared is back, every refusal has its code.
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
import { Ledger } from './ledger.mjs'
import { LateDuplicates, isBatch, isPaged, isSeal, isWrite, lagging, sometimes, weather } from './proxy.mjs'
import { random, tellSeed } from './random.mjs'
import { age, isRemains, writes } from './leftovers.mjs'
import { Work, idsIn } from './work.mjs'

const DOCS = ['one', 'two', 'three', 'four']
const STEPS = 25
/** Compaction so eager that it is always at work; time enough for a machine that is busy. */
const CONFIG = {
  compactionItems: 8,
  aws: { requestTimeoutMs: 5_000, operationTimeoutMs: 20_000, maxAttempts: 100 }
}
/** Does not wait long for an answer that never comes. */
const BRISK = { ...CONFIG, aws: { ...CONFIG.aws, requestTimeoutMs: 500 } }
/** Gives up soon. */
const IMPATIENT = { ...CONFIG, aws: { requestTimeoutMs: 400, operationTimeoutMs: 800 } }

/** Works on the documents under `rule`; gives the work and what it takes to look at its end. */
async function under(t, rule, { chance, codes = [], clears = true, config = CONFIG }) {
  tellSeed(t)
  const table = await ProxiedTable.before(t)
  const ledger = new Ledger()
  const persistence = table.open(t, config)
  const work = new Work(persistence, ledger, chance, { clears })
  await persistence.getYDoc('warm')
  table.rule(rule)
  await work.run(DOCS, STEPS)
  refusedWith(work, codes)
  const { stores, acknowledged } = ledger.counts
  t.diagnostic(`${table.requests.length} requests; ${acknowledged} of ${stores} stores acknowledged`)
  return { table, ledger, persistence, work }
}

function refusedWith(work, codes) {
  for (const { operation, error } of work.rejections) {
    assert(codes.includes(error.code), `${operation}: ${error.stack}`)
    assert.equal(error.retryable, true)
  }
}

/** What another process finds when all is over; then two flushes, which leave one write of each document. */
async function isAllThere(t, { table, ledger, persistence }) {
  await persistence.close()
  table.rule(() => undefined)
  const other = table.open(t, { compactionItems: 0 })
  const check = async moment => {
    for (const doc of DOCS) {
      const verdict = ledger.judge(doc, idsIn(await other.getYDoc(doc)))
      assert.deepEqual(verdict, { lost: [], back: [], unknown: [] }, `${doc} ${moment}`)
    }
  }
  await check('at the end')
  for (const doc of DOCS) {
    await age(table, doc)
    await other.flushDocument(doc)
    await other.flushDocument(doc)
    const left = await writes(table, doc)
    assert(left.length <= 1 && !left.some(isRemains), `${doc}: ${JSON.stringify(left)}`)
  }
  await check('after two flushes')
}

/** All calls are refused while it lasts; before and after all is well. */
async function outage(t, fault, code) {
  const chance = random()
  const table = await ProxiedTable.before(t)
  const ledger = new Ledger()
  const [patient, impatient] = [CONFIG, IMPATIENT].map(config => table.open(t, config))
  const before = new Work(patient, ledger, chance)
  await before.run(DOCS, 10)
  await impatient.getYDoc('warm')
  table.rule(() => fault)
  const during = new Work(impatient, ledger, chance)
  await Promise.all(DOCS.map(doc => during.each(doc)))
  assert.equal(during.rejections.length, 4 * DOCS.length)
  refusedWith(during, [code])
  table.rule(() => undefined)
  await before.run(DOCS, 10)
  assert.deepEqual(before.rejections, [])
  await impatient.close()
  await isAllThere(t, { table, ledger, persistence: patient })
}

describe('in a share of the requests', { concurrency: 4 }, () => {
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
    test(what, { timeout: 60_000 }, async t => {
      const chance = random()
      // Bad luck may be longer than the operation timeout.
      await isAllThere(t, await under(t, rule(chance), { chance, codes }))
    })
  }

  test('a socket that hangs', { timeout: 60_000 }, async t => {
    const chance = random()
    const rule = sometimes(chance, 0.06, () => hang)
    await isAllThere(t, await under(t, rule, { chance, codes: ['ERR_UNAVAILABLE'], config: BRISK }))
  })

  test('eventual reads that lag behind: none is made', { timeout: 60_000 }, async t => {
    const seen = []
    const after = await under(t, lagging(seen), { chance: random() })
    const { persistence } = after
    await persistence.getAllDocNames()
    await persistence.getAllDocStateVectors()
    await persistence.setMeta('one', 'key', 1)
    assert.equal(await persistence.getMeta('one', 'key'), 1)
    await persistence.getMetas('one')
    assert.deepEqual(seen, [])
    await isAllThere(t, after)
  })

  test('writes that arrive a second time, late', { timeout: 60_000 }, async t => {
    const chance = random()
    // A head and its seal that both arrive behind the delete of their set look like damage, which `repair` resolves
    // (ARCHITECTURE.md, Read). tests/log/damage.rs has that.
    const of = request => isWrite(request) && !isSeal(request)
    const late = new LateDuplicates(chance, { share: 0.5, withinMs: 300, of })
    // What arrives behind a clear is back, and nobody can tell: clears only when the last duplicate has arrived.
    const { table, ledger, persistence, work } = await under(t, late.rule, { chance, clears: false })
    assert(late.count > 30, `${late.count} duplicates`)
    await late.settled()
    table.rule(() => undefined)
    await work.clear('one')
    await isAllThere(t, { table, ledger, persistence })
  })

  test('everything at once', { timeout: 60_000 }, async t => {
    const chance = random()
    const codes = ['ERR_THROTTLED', 'ERR_UNAVAILABLE']
    await isAllThere(t, await under(t, weather(chance), { chance, codes, config: BRISK }))
  })
})

describe('in every request, for a while', { concurrency: 4 }, () => {
  const faults = {
    'a throttle': [throttle, 'ERR_THROTTLED'],
    'a 500': [serverError, 'ERR_UNAVAILABLE'],
    'a connection that resets': [reset, 'ERR_UNAVAILABLE'],
    'a socket that hangs': [hang, 'ERR_UNAVAILABLE'],
    'a response that is lost': [loseResponse, 'ERR_UNAVAILABLE']
  }
  for (const [what, [fault, code]] of Object.entries(faults)) {
    test(what, { timeout: 60_000 }, t => outage(t, fault, code))
  }
})
