/**
 * The process between the module that is measured and DynamoDB: adds latency, and counts what AWS would bill. Of its own, so
 * that its work is not counted as the module's.
 *
 * node proxy.mjs '{ "endpoint" }'; then messages: `{ latencyMs }` is answered with what was counted so far.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { ProxiedTable, answer } from '../../__test__/support/proxy.mjs'
import { TestTable } from '../../__test__/support/engine.mjs'

const READS = new Set(['GetItem', 'BatchGetItem', 'Query', 'Scan'])
const { endpoint } = JSON.parse(process.argv[2])
const counted = { requests: 0, writeUnits: 0, readUnits: 0, inFlight: 0, mostInFlight: 0 }
let latencyMs = 0

const table = await ProxiedTable.before({ after() {} }, new TestTable({ endpoint }))
table.rule(({ operation }) => async ({ body, response, forward }) => {
  // What is only needed to see that a request came would grow without end.
  table.requests.length = 0
  table.headers.length = 0
  counted.requests++
  counted.mostInFlight = Math.max(counted.mostInFlight, ++counted.inFlight)
  const isBilled = READS.has(operation) || /Item$/.test(operation)
  const [reply] = await Promise.all([
    forward(isBilled ? { ...body, ReturnConsumedCapacity: 'TOTAL' } : body),
    sleep(latencyMs)
  ])
  for (const { CapacityUnits = 0 } of [JSON.parse(reply.body).ConsumedCapacity ?? []].flat()) {
    counted[READS.has(operation) ? 'readUnits' : 'writeUnits'] += CapacityUnits
  }
  counted.inFlight--
  answer(response, reply)
})

process.on('message', message => {
  latencyMs = message.latencyMs ?? latencyMs
  process.send({ ...counted })
  counted.mostInFlight = counted.inFlight
})
process.on('disconnect', () => process.exit())
process.send({ endpoint: table.endpoint })
