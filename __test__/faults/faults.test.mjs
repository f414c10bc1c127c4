/**
 * One fault at a time, injected by the proxy: each call rejects with the code of the fault after its attempts, and nothing is
 * lost or comes back.
 */
import assert from 'node:assert/strict'
import { createServer } from 'node:net'
import { describe, test } from 'node:test'
import { DynamoDbPersistence, TestTable } from '../support/dynamodb.mjs'
import { rejectsWith } from '../support/errors.mjs'
import { docOf, keys, keystrokes, mapOf, textOf } from '../support/documents.mjs'
import {
  ProxiedTable,
  creatingUntil,
  deny,
  fail,
  hang,
  loseResponse,
  pageOf,
  reset,
  serverError,
  throttle,
  unprocessed
} from '../support/proxy.mjs'
import { runningTime } from '../support/running-time.mjs'
import { until } from '../support/until.mjs'

const { getDynamoDbUpdates } = DynamoDbPersistence
/** For requests without an answer. The operation timeout ends the third attempt. */
const SHORT = { connectTimeoutMs: 150, requestTimeoutMs: 150, operationTimeoutMs: 400 }
/** Ends by the number of attempts, however long a busy machine takes for one. */
const FEW_ATTEMPTS = { maxAttempts: 3, requestTimeoutMs: 30_000, operationTimeoutMs: 60_000 }
const LIMITS = { connectTimeoutMs: 500, requestTimeoutMs: 500, operationTimeoutMs: 2_000 }
const [update] = keystrokes(1)

const CALLS = {
  getYDoc: persistence => persistence.getYDoc('doc'),
  storeUpdate: persistence => persistence.storeUpdate('doc', update),
  getStateVector: persistence => persistence.getStateVector('doc'),
  getDiff: persistence => persistence.getDiff('doc'),
  clearDocument: persistence => persistence.clearDocument('doc'),
  flushDocument: persistence => persistence.flushDocument('doc'),
  setMeta: persistence => persistence.setMeta('doc', 'key', 1),
  getMeta: persistence => persistence.getMeta('doc', 'key'),
  getMetas: persistence => persistence.getMetas('doc'),
  delMeta: persistence => persistence.delMeta('doc', 'key'),
  getAllDocNames: persistence => persistence.getAllDocNames(),
  getAllDocStateVectors: persistence => persistence.getAllDocStateVectors(),
  clearAll: persistence => persistence.clearAll()
}

/** How many operations sent requests since `from`, and the largest number of attempts of one. */
function attemptsSince(table, from) {
  const attempts = new Map()
  for (const { 'amz-sdk-invocation-id': id } of table.headers.slice(from))
    attempts.set(id, (attempts.get(id) ?? 0) + 1)
  return { operations: attempts.size, most: Math.max(...attempts.values()) }
}

describe('every call rejects with its code after its attempts', { concurrency: true }, () => {
  const faults = {
    'throttled for ever': [throttle, 'ERR_THROTTLED', true],
    'throttled by request': [fail('ThrottlingException'), 'ERR_THROTTLED', true],
    'over the account limit': [fail('RequestLimitExceeded'), 'ERR_THROTTLED', true],
    'failing for ever': [serverError, 'ERR_UNAVAILABLE', true],
    'denied': [deny, 'ERR_ACCESS', false],
    'an unknown key': [fail('UnrecognizedClientException'), 'ERR_ACCESS', false],
    'an expired token': [fail('ExpiredTokenException'), 'ERR_ACCESS', false],
    'no such table': [fail('ResourceNotFoundException'), 'ERR_TABLE', false],
    'a socket that hangs': [hang, 'ERR_UNAVAILABLE', true],
    'a connection that resets': [reset, 'ERR_UNAVAILABLE', true]
  }
  for (const [what, [fault, code, retryable]] of Object.entries(faults)) {
    test(what, async t => {
      const table = await ProxiedTable.before(t)
      const setup = table.open(t)
      await setup.storeUpdate('doc', update)
      const persistence = table.open(t, { skipCreateTable: true, aws: fault === hang ? SHORT : FEW_ATTEMPTS })
      table.rule(() => fault)
      const from = table.headers.length
      const errors = await Promise.all(Object.values(CALLS).map(call => rejectsWith(code, call(persistence))))
      assert(errors.every(error => error.retryable === retryable))
      const { operations, most } = attemptsSince(table, from)
      const expected = [Object.keys(CALLS).length, retryable ? FEW_ATTEMPTS.maxAttempts : 1]
      if (fault !== hang) assert.deepEqual([operations, most], expected)
      // A busy machine uses up the short timeouts before the first request, or begins one attempt more.
      else
        assert(operations <= expected[0] && most <= expected[1] + 1, `${operations} calls, ${most} attempts`)
      table.rule(() => undefined)
      // A busy machine may need several short timeouts.
      const read = () => persistence.getYDoc('doc').catch(() => undefined)
      assert.equal(textOf(await until('a read', read)), 'a')
    })
  }

  test('one call takes no longer than the operation timeout', async t => {
    const table = await ProxiedTable.before(t)
    await table.behind.create()
    const persistence = table.open(t, { skipCreateTable: true, aws: LIMITS })
    for (const fault of [throttle, serverError, hang, reset]) {
      table.rule(() => fault)
      const took = await runningTime(() =>
        // Throttled or, if the machine is too busy to receive that, unavailable: the codes are checked above.
        assert.rejects(persistence.getMeta('doc', 'key'), { retryable: true, docName: 'doc' })
      )
      assert(took < 2 * LIMITS.operationTimeoutMs, `${took} ms`)
    }
  })
})

test('an error of AWS has its request id', async t => {
  const table = await ProxiedTable.before(t)
  await table.behind.create()
  const persistence = table.open(t, { skipCreateTable: true })
  table.rule(() => deny)
  const error = await rejectsWith('ERR_ACCESS', persistence.getYDoc('doc'), 'doc')
  assert.equal(error.requestId, 'REQUEST-ID')
})

test('a port without a server is ERR_UNAVAILABLE', async t => {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise(resolve => server.once('listening', resolve))
  const { port } = server.address()
  await new Promise(resolve => server.close(resolve))
  const table = new TestTable({ endpoint: `http://127.0.0.1:${port}` })
  const persistence = table.open(t, { aws: LIMITS })
  await rejectsWith('ERR_UNAVAILABLE', persistence.getYDoc('doc'), 'doc')
})

test('other documents are not delayed by one that is throttled or hangs', async t => {
  const table = await ProxiedTable.before(t)
  const persistence = table.open(t, {
    aws: { requestTimeoutMs: 60_000, operationTimeoutMs: 60_000, maxAttempts: 100 }
  })
  await persistence.getYDoc('warm')
  const held = async (request, released) => {
    await released
    await deny(request)
  }
  for (const until of [throttle, held]) {
    let [isReleased, release] = [false]
    const released = new Promise(resolve => {
      release = () => {
        isReleased = true
        resolve()
      }
    })
    const fault = request => (isReleased ? deny(request) : until(request, released))
    table.rule(({ body }) => (JSON.stringify(body).includes('"bad"') ? fault : undefined))
    const bad = [1, 2, 3].map(() => rejectsWith('ERR_ACCESS', persistence.storeUpdate('bad', update)))
    // If one of these waited for the bad document, the bad document would never be released.
    for (let i = 0; i < 20; i++) await persistence.storeUpdate(`good ${i}`, update)
    release()
    await Promise.all(bad)
  }
})

test('a short throttle is retried and not reported', async t => {
  const table = await ProxiedTable.before(t)
  const persistence = table.open(t)
  table.rule(({ nth }) => (nth % 3 !== 2 ? throttle : undefined))
  const updates = keys(10)
  await Promise.all(updates.map(each => persistence.storeUpdate('doc', each)))
  assert.deepEqual(mapOf(await persistence.getYDoc('doc')), mapOf(docOf(updates)))
})

describe('the table', () => {
  test('missing, with skipCreateTable', async t => {
    const table = new TestTable()
    const persistence = table.open(t, { skipCreateTable: true })
    for (const call of Object.values(CALLS)) {
      const error = await rejectsWith('ERR_TABLE', call(persistence))
      assert(error.message.includes(table.tableName), error.message)
    }
  })

  test('missing: it is created on demand, and calls wait for it', async t => {
    const table = await ProxiedTable.before(t)
    const persistence = table.open(t)
    await persistence.storeUpdate('doc', update)
    const { body } = table.requests.find(({ operation }) => operation === 'CreateTable')
    assert.equal(body.BillingMode, 'PAY_PER_REQUEST')
    assert.deepEqual(body.KeySchema, [
      { AttributeName: 'ydocname', KeyType: 'HASH' },
      { AttributeName: 'ykeysort', KeyType: 'RANGE' }
    ])
  })

  test('billingMode PROVISIONED creates it with 5 units each', async t => {
    const table = await ProxiedTable.before(t)
    await table.open(t, { billingMode: 'PROVISIONED' }).storeUpdate('doc', update)
    const { body } = table.requests.find(({ operation }) => operation === 'CreateTable')
    assert.deepEqual(body.ProvisionedThroughput, { ReadCapacityUnits: 5, WriteCapacityUnits: 5 })
  })

  test('several persistences can create it at once', async t => {
    const table = new TestTable()
    const all = [table.open(t), table.open(t), table.open(t)]
    await Promise.all(all.map(persistence => persistence.storeUpdate('doc', update)))
    assert.equal(textOf(await all[0].getYDoc('doc')), 'a')
  })

  const schemas = {
    'a string as sort key': { ydocname: 'S', ykeysort: 'S' },
    'other names': { name: 'S', key: 'B' },
    'no sort key': { ydocname: 'S' },
    'a binary partition key': { ydocname: 'B', ykeysort: 'B' }
  }
  for (const [what, schema] of Object.entries(schemas)) {
    test(`with other keys: ${what}`, async t => {
      const table = new TestTable()
      await table.create(schema)
      const persistence = table.open(t)
      const error = await rejectsWith('ERR_TABLE', persistence.storeUpdate('doc', update), 'doc')
      assert(error.message.includes(table.tableName), error.message)
      assert.equal((await table.request('Scan', {})).Count, 0)
    })
  }

  test('still CREATING for 3 s: the first calls wait for it', async t => {
    const table = await ProxiedTable.before(t)
    const until = Date.now() + 3_000
    // A table that is being created refuses requests.
    table.rule(({ operation }) => {
      if (operation === 'DescribeTable') return creatingUntil(until)
      if (operation !== 'CreateTable' && Date.now() < until) return fail('ResourceNotFoundException')
    })
    const persistence = table.open(t)
    const stored = persistence.storeUpdate('doc', update)
    assert.equal(textOf(await persistence.getYDoc('doc')), 'a')
    assert(Date.now() >= until)
    assert.equal(await stored, 0)
  })

  test('a failed check is repeated by the next call', async t => {
    const table = await ProxiedTable.before(t)
    table.rule(({ operation }) =>
      operation === 'DescribeTable' || operation === 'CreateTable' ? deny : undefined
    )
    const persistence = table.open(t)
    await rejectsWith('ERR_ACCESS', persistence.storeUpdate('doc', update), 'doc')
    table.rule(() => undefined)
    assert.equal(await persistence.storeUpdate('doc', update), 0)
  })
})

describe('nothing is lost and nothing comes back', () => {
  test('when the response of every first write is lost', async t => {
    const table = await ProxiedTable.before(t)
    const persistence = table.open(t, { compactionItems: 0 })
    const lost = new Set()
    table.rule(({ operation, body }) => {
      const what = JSON.stringify([operation, body])
      if (
        !['PutItem', 'UpdateItem', 'DeleteItem', 'BatchWriteItem', 'CreateTable'].includes(operation)
        || lost.has(what)
      )
        return
      lost.add(what)
      return loseResponse
    })
    const updates = keys(20)
    for (const each of updates.slice(0, 10)) await persistence.storeUpdate('doc', each)
    assert.deepEqual(mapOf(await persistence.getYDoc('doc')), mapOf(docOf(updates.slice(0, 10))))
    await persistence.flushDocument('doc')
    assert.deepEqual(mapOf(await persistence.getYDoc('doc')), mapOf(docOf(updates.slice(0, 10))))
    await persistence.setMeta('doc', 'key', 1)
    assert.equal(await persistence.getMeta('doc', 'key'), 1)
    await persistence.clearDocument('doc')
    assert.deepEqual(await table.items(), [])
    for (const each of updates) await persistence.storeUpdate('doc', each)
    assert.deepEqual(mapOf(await persistence.getYDoc('doc')), mapOf(docOf(updates)))
    assert(lost.size > 25)
  })

  test('when every batch leaves items unprocessed', async t => {
    const table = await ProxiedTable.before(t)
    const persistence = table.open(t, { compactionItems: 0 })
    const updates = keys(60)
    for (const each of updates) await persistence.storeUpdate('doc', each)
    table.rule(({ operation, nth }) =>
      operation === 'BatchWriteItem' ? unprocessed(nth % 4 === 0 ? 0 : 3) : undefined
    )
    await persistence.flushDocument('doc')
    assert.deepEqual(mapOf(await persistence.getYDoc('doc')), mapOf(docOf(updates)))
    const left = await persistence.transact((db, { tableName }) => getDynamoDbUpdates(db, tableName, 'doc'))
    assert.equal(left.length, 1)
    for (const each of updates) await persistence.storeUpdate('doc', each)
    await persistence.clearDocument('doc')
    assert.deepEqual(await table.items(), [])
  })

  test('when pages end early', async t => {
    const table = await ProxiedTable.before(t)
    const persistence = table.open(t, { compactionItems: 0 })
    const updates = keys(30)
    for (const each of updates) await persistence.storeUpdate('doc', each)
    table.rule(({ operation }) => (operation === 'Query' || operation === 'Scan' ? pageOf(2) : undefined))
    assert.deepEqual(mapOf(await persistence.getYDoc('doc')), mapOf(docOf(updates)))
    await persistence.flushDocument('doc')
    assert.deepEqual(mapOf(await persistence.getYDoc('doc')), mapOf(docOf(updates)))
    await persistence.clearDocument('doc')
    assert.deepEqual(await table.items(), [])
  })

  test('when a store has failed and is called again', async t => {
    const table = await ProxiedTable.before(t)
    const persistence = table.open(t, { aws: FEW_ATTEMPTS })
    await persistence.storeUpdate('doc', keystrokes(1)[0])
    table.rule(({ operation }) => (operation === 'PutItem' ? throttle : undefined))
    const updates = keystrokes(3)
    const results = await Promise.allSettled(
      updates.slice(1).map(each => persistence.storeUpdate('doc', each))
    )
    assert(results.every(({ reason }) => reason?.code === 'ERR_THROTTLED' && reason.retryable))
    table.rule(() => undefined)
    assert.equal(textOf(await persistence.getYDoc('doc')), 'a')
    for (const each of updates.slice(1)) await persistence.storeUpdate('doc', each)
    assert.equal(textOf(await persistence.getYDoc('doc')), 'abc')
  })
})
