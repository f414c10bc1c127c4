/**
 * A proxy between the measured module and DynamoDB: adds latency, and counts what AWS would bill. It runs in its own process,
 * so that its CPU time and memory do not count as those of the module.
 *
 * node proxy.mjs '{ "endpoint" }'. It answers each message `{ latencyMs }` with the counts so far.
 */
import { once } from 'node:events'
import { createServer } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'

const READS = new Set(['GetItem', 'BatchGetItem', 'Query', 'Scan'])
const HEADERS = ['content-type', 'x-amz-target', 'x-amz-date', 'authorization']
const { endpoint } = JSON.parse(process.argv[2])
const counted = { requests: 0, writeUnits: 0, readUnits: 0, inFlight: 0, mostInFlight: 0 }
let latencyMs = 0

const forward = async (headers, body) => {
  const known = HEADERS.filter(name => name in headers).map(name => [name, headers[name]])
  const response = await fetch(endpoint, { method: 'POST', headers: known, body })
  return { status: response.status, text: await response.text() }
}

const server = createServer(async (request, response) => {
  counted.requests++
  counted.mostInFlight = Math.max(counted.mostInFlight, ++counted.inFlight)
  const operation = String(request.headers['x-amz-target']).split('.').at(-1)
  const body = JSON.parse(await buffer(request))
  if (READS.has(operation) || /Item$/.test(operation)) body.ReturnConsumedCapacity = 'TOTAL'
  const [{ status, text }] = await Promise.all([
    forward(request.headers, JSON.stringify(body)),
    sleep(latencyMs)
  ])
  for (const { CapacityUnits = 0 } of [JSON.parse(text).ConsumedCapacity ?? []].flat()) {
    counted[READS.has(operation) ? 'readUnits' : 'writeUnits'] += CapacityUnits
  }
  counted.inFlight--
  response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0' }).end(text)
})
server.listen(0, '127.0.0.1')
await once(server, 'listening')

process.on('message', message => {
  latencyMs = message.latencyMs ?? latencyMs
  process.send({ ...counted })
  counted.mostInFlight = counted.inFlight
})
process.on('disconnect', () => process.exit())
process.send({ endpoint: `http://127.0.0.1:${server.address().port}` })
