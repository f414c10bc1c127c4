/** `stats()`, the diagnostics channels and the warnings, compared with the calls that the test makes. */
import assert from 'node:assert/strict'
import diagnostics from 'node:diagnostics_channel'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { TestTable, onceOnly } from '../support/dynamodb.mjs'
import { sortKey } from '../support/format.mjs'
import { keystrokes } from '../support/documents.mjs'
import { ProxiedTable, answer, deny } from '../support/proxy.mjs'
import { until } from '../support/until.mjs'

/** Outside the queue each update gets an item of its own. */
const OUTSIDE = true

/** The messages of a channel until the test ends. */
function listen(t, name) {
  const messages = []
  const listener = message => messages.push(message)
  diagnostics.subscribe(name, listener)
  t.after(() => diagnostics.unsubscribe(name, listener))
  return messages
}

test('the stats count requests, batches, compactions and waiting calls', onceOnly, async t => {
  const persistence = new TestTable().open(t)
  const calls = keystrokes(200).map(update => persistence.storeUpdate('doc', update))
  assert.ok(persistence.stats().queue.openCalls > 0)
  await Promise.all(calls)
  await persistence.flushDocument('doc')
  const { requests, batches, compactions, queue } = persistence.stats()
  assert.equal(batches.updates, 200)
  assert.ok(batches.stored < 20 && batches.largest > 10, `${batches.stored} batches`)
  assert.ok(batches.bytesAfter < batches.bytesBefore)
  assert.ok(requests.PutItem.requests >= batches.stored && requests.PutItem.writeUnits >= batches.stored)
  assert.ok(requests.Query.readUnits > 0)
  assert.equal(compactions.failed, 0)
  assert.deepEqual([queue.documents, queue.openCalls, queue.waitingUpdates], [1, 0, 0])
})

test(
  'rememberBytes: 0 forgets each document after its calls, and each store costs a Query',
  onceOnly,
  async t => {
    for (const [rememberBytes, queries, remembered] of [
      [undefined, 3, 3],
      [0, 6, 0]
    ]) {
      const persistence = new TestTable().open(t, { rememberBytes })
      for (const update of keystrokes(2)) {
        for (const name of ['a', 'b', 'c']) {
          await persistence.storeUpdate(name, update)
          if (rememberBytes === 0) await until('idle', () => persistence.stats().queue.documents === 0)
        }
      }
      const { requests, queue } = persistence.stats()
      assert.deepEqual([requests.Query.requests, queue.documents], [queries, remembered])
    }
  }
)

test('calls, batches and compactions are published on their channels', onceOnly, async t => {
  const calls = listen(t, 'y-dynamodb:call')
  const batches = listen(t, 'y-dynamodb:batch')
  const merges = listen(t, 'y-dynamodb:compaction')
  const persistence = new TestTable().open(t)
  await Promise.all(keystrokes(50).map(update => persistence.storeUpdate('doc', update)))
  await persistence.storeUpdate('doc', keystrokes(1)[0], OUTSIDE)
  await persistence.flushDocument('doc')
  await assert.rejects(persistence.storeUpdate('doc', Uint8Array.of(9)))
  await until('the events', () => merges.length === 1 && batches.length > 1)
  assert.equal(
    batches.reduce((sum, { updates }) => sum + updates, 0),
    51
  )
  assert.ok(
    batches.every(
      ({ docName, clock, bytesAfter, durationMs }) =>
        docName === 'doc' && clock >= 0 && bytesAfter > 0 && durationMs >= 0
    )
  )
  assert.ok(merges[0].entries > 1 && merges[0].bytesAfter > 0 && merges[0].docName === 'doc')
  const ended = calls.map(({ operation }) => operation)
  assert.equal(ended.filter(operation => operation === 'storeUpdate').length, 52)
  assert.equal(ended.filter(operation => operation === 'flushDocument').length, 1)
  assert.deepEqual(
    calls.filter(({ error }) => error).map(({ error }) => error.code),
    ['ERR_INVALID_UPDATE']
  )
})

test('a failed background compaction is reported, and nothing is lost', onceOnly, async t => {
  const merges = listen(t, 'y-dynamodb:compaction')
  const table = new TestTable()
  const errors = []
  const onError = (error, context) => errors.push([error.code, context])
  const persistence = table.open(t, { compactionItems: 5, onError })
  const updates = keystrokes(20)
  await persistence.storeUpdate('doc', updates[0])
  await table.put({ doc: 'doc', key: sortKey(['v1', 'doc', 'update', 0]), value: Buffer.of(9) })
  for (const update of updates.slice(1)) await persistence.storeUpdate('doc', update, OUTSIDE)
  await until('the error', () => errors.length > 0)
  assert.deepEqual(errors[0], ['ERR_CORRUPT', { docName: 'doc', operation: 'compaction' }])
  assert.equal(merges[0].error.code, 'ERR_CORRUPT')
  assert.ok(persistence.stats().compactions.failed > 0)
  assert.equal((await table.items('doc')).length, 21)
})

test('without onError a failed background compaction is a warning, once for each code', onceOnly, async t => {
  const warnings = []
  const listener = warning => {
    if (warning.name === 'YDynamoDbWarning') warnings.push([warning.code, warning.message])
  }
  process.on('warning', listener)
  t.after(() => process.off('warning', listener))
  const table = await ProxiedTable.before(t)
  table.rule(({ operation }) => (operation === 'BatchWriteItem' ? deny : undefined))
  const persistence = table.open(t, { compactionItems: 5 })
  const updates = keystrokes(200)
  // After a failure compaction pauses for a second; the next store starts it again.
  for (let i = 0; persistence.stats().compactions.failed < 2; i++) {
    assert.ok(i < updates.length, 'no second failure within 20 s')
    await persistence.storeUpdate('doc', updates[i], OUTSIDE)
    await delay(100)
  }
  await delay(50)
  assert.deepEqual(
    warnings.map(([code]) => code),
    ['ERR_ACCESS']
  )
  assert.match(warnings[0][1], /^compaction of document "doc": /)
})

/** The warnings about replicas, and a persistence whose DescribeTable answer has `fields`. */
async function described(t, fields) {
  const warnings = []
  const listener = warning => {
    if (warning.code === 'Y_DYNAMODB_REPLICAS') warnings.push(warning.message)
  }
  process.on('warning', listener)
  t.after(() => process.off('warning', listener))
  const table = await ProxiedTable.before(t)
  await table.create()
  table.rule(({ operation }) =>
    operation !== 'DescribeTable'
      ? undefined
      : async ({ forward, response }) => {
          const described = JSON.parse((await forward()).body)
          Object.assign(described.Table, fields)
          answer(response, { status: 200, body: JSON.stringify(described) })
        }
  )
  return { warnings, table, persistence: table.open(t) }
}

const Replicas = [{ RegionName: 'eu-west-1', ReplicaStatus: 'ACTIVE' }]

test('a table with replicas in other regions causes one warning', onceOnly, async t => {
  const { warnings, table, persistence } = await described(t, {
    Replicas,
    TableStatus: 'REPLICATION_NOT_AUTHORIZED'
  })
  for (const update of keystrokes(3)) await persistence.storeUpdate('doc', update)
  await until('the warning', () => warnings.length > 0)
  assert.equal(warnings.length, 1)
  assert.match(warnings[0], new RegExp(`${table.tableName}.* 1 `))
})

test('a table with strong consistency across regions causes no warning', onceOnly, async t => {
  const { warnings, persistence } = await described(t, { Replicas, MultiRegionConsistency: 'STRONG' })
  for (const update of keystrokes(3)) await persistence.storeUpdate('doc', update)
  await delay(100)
  assert.deepEqual(warnings, [])
})
