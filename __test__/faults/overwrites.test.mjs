/**
 * Overwrites of an open item whose answer is lost, which arrive late or twice, or whose outcome is unknown, while another process
 * flushes or clears the document: before the overwrite, between its attempts, after it, or at the same time. Nothing that was
 * acknowledged is lost, and nothing that was cleared is back.
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { sortKey } from '../support/format.mjs'
import { ProxiedTable, answer, loseResponse, reset } from '../support/proxy.mjs'
import { History } from './history.mjs'
import { entriesOf } from './incomplete-sets.mjs'
import { idsIn, updateOf } from './workload.mjs'

const CONFIG = {
  compactionItems: 0,
  aws: { maxAttempts: 2, requestTimeoutMs: 30_000, operationTimeoutMs: 60_000 }
}
const OUTSIDE = true

const isOverwrite = ({ operation, body }) =>
  operation === 'PutItem' && Object.values(body.ExpressionAttributeNames ?? {}).includes('version')
const isDelete = ({ operation }) => operation === 'DeleteItem' || operation === 'BatchWriteItem'

/** The overwrite arrives, and a second time later. */
const twice =
  late =>
  async ({ response, forward }) => {
    answer(response, await forward())
    late.push(forward)
  }

/** The overwrite does not arrive now, but later. */
const later = late => async request => {
  late.push(request.forward)
  await reset(request)
}

/** For each fault: what happens to an attempt, by its number; how many attempts there are; whether the store is acknowledged. */
const FAULTS = {
  'without a fault': { isStored: true, attempts: 1, faultOf: () => undefined },
  'whose answer is lost': { isStored: true, attempts: 2, faultOf: n => (n === 0 ? loseResponse : undefined) },
  'whose every answer is lost': { isStored: false, attempts: 2, faultOf: () => loseResponse },
  'that never arrives': { isStored: false, attempts: 2, faultOf: () => reset },
  'that arrives after it has failed': { isStored: false, attempts: 2, faultOf: (n, late) => later(late) },
  'that arrives twice': { isStored: true, attempts: 1, faultOf: (n, late) => twice(late) },
  'whose first attempt arrives after the second': {
    isStored: true,
    attempts: 2,
    faultOf: (n, late) => (n === 0 ? later(late) : undefined)
  }
}
const ACTIONS = {
  'no other process': async () => {},
  'a flush': (history, other) => other.flushDocument('doc'),
  'a clear': (history, other) => history.clear('doc', () => other.clearDocument('doc'))
}
const [BEFORE, BETWEEN, AFTER, MEANWHILE] = [
  'before',
  'between the attempts of',
  'after',
  'with its deletes after'
]

/** The moments of an action that differ. */
function momentsOf(action, attempts) {
  if (action === 'no other process') return [BEFORE]
  return attempts > 1 ? [BEFORE, BETWEEN, AFTER, MEANWHILE] : [BEFORE, AFTER, MEANWHILE]
}

/** A document with an open item of a process, and an item of its own of another process. */
async function typed(t) {
  const table = await ProxiedTable.before(t)
  const behindOther = await ProxiedTable.before(t, table.behind)
  const history = new History({ ordered: false })
  const writer = table.open(t, CONFIG)
  const other = behindOther.open(t, CONFIG)
  let clients = 0
  const store = (id, by = writer, ...more) =>
    history.store('doc', id, () => by.storeUpdate('doc', updateOf(id, ++clients), ...more))
  await store('first')
  await store('second')
  await store('of another', other, OUTSIDE)
  const check = async moment => {
    const verdict = history.check('doc', idsIn(await other.getYDoc('doc')))
    assert.deepEqual(verdict, { lost: [], back: [], unknown: [] }, moment)
  }
  return { table, behindOther, history, other, store, check }
}

for (const [fault, { isStored, attempts, faultOf }] of Object.entries(FAULTS)) {
  describe(`an overwrite ${fault}`, { concurrency: 4 }, () => {
    for (const [action, act] of Object.entries(ACTIONS)) {
      for (const moment of momentsOf(action, attempts)) {
        test(`${action} ${moment} it`, async t => {
          const { table, behindOther, history, other, store, check } = await typed(t)
          const late = []
          const arrive = async () => {
            for (const forward of late.splice(0)) await forward()
          }
          let hasActed = false
          const otherActs = async () => {
            hasActed = true
            await act(history, other)
          }
          let sent = 0
          table.rule(request => {
            if (!isOverwrite(request)) return undefined
            const fault = faultOf(sent++, late)
            if (moment !== BETWEEN || sent !== 2) return fault
            return async exchange => {
              await otherActs()
              if (fault !== undefined) return fault(exchange)
              answer(exchange.response, await exchange.forward())
            }
          })
          const overwrite = async () => {
            const stored = store('faulty')
            if (isStored) await stored
            else await assert.rejects(stored, { code: 'ERR_UNAVAILABLE', retryable: true })
            table.rule(() => undefined)
          }

          if (moment === BEFORE) await otherActs()
          if (moment === MEANWHILE) {
            // The other process has read the item, and deletes it when it has grown.
            let overwritten
            behindOther.rule(request => {
              if (!isDelete(request)) return undefined
              overwritten ??= overwrite()
              return async ({ response, forward }) => {
                await overwritten
                answer(response, await forward())
              }
            })
            await otherActs()
            behindOther.rule(() => undefined)
            assert(overwritten !== undefined)
            await overwritten
          } else {
            await overwrite()
          }
          if (moment === AFTER) await otherActs()
          assert(hasActed && sent >= attempts, `${sent} attempts`)
          await check('after the overwrite')
          await arrive()
          await check('after a late attempt')
          await store('next')
          await check('after the next store')
          await other.flushDocument('doc')
          await arrive()
          await store('last')
          await check('after a flush')
          await other.flushDocument('doc')
          assert.equal((await entriesOf(table, 'doc')).length, 1)
          await history.clear('doc', () => other.clearDocument('doc'))
          await check('after a clear')
          await store('after the clear')
          await check('at the end')
        })
      }
    }
  })
}

test('an overwrite that failed is not continued: the next store opens an item', async t => {
  const { table, store, check } = await typed(t)
  const late = []
  table.rule(request => (isOverwrite(request) ? later(late) : undefined))
  await assert.rejects(store('faulty'), { code: 'ERR_UNAVAILABLE', retryable: true })
  table.rule(() => undefined)
  const open = async () =>
    (await table.items('doc'))
      .filter(({ attributes }) => attributes.version !== undefined)
      .map(({ key, attributes }) => [key.toString('hex'), attributes.version.B])
  const [abandoned] = await open()
  for (const id of ['next', 'after next']) await store(id)
  assert.deepEqual((await open())[0], abandoned)
  assert.equal((await open()).length, 2)
  for (const forward of late) await forward()
  assert.notDeepEqual((await open())[0], abandoned)
  await check('after the late attempt')
  assert((await table.items('doc')).every(({ key }) => !key.equals(sortKey(['v1_sv', 'doc']))))
})
