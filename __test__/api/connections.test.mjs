/** The connections of a persistence: their number, their order of use, and their end. */
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { test } from 'node:test'
import { CREDENTIALS, DynamoDbPersistence, onceOnly } from '../support/dynamodb.mjs'
import { keystrokes } from '../support/documents.mjs'
import { rejectsWith } from '../support/errors.mjs'
import { until } from '../support/until.mjs'

const [update] = keystrokes(1)

/** A fake DynamoDB whose table is empty and accepts all requests. Counts connections and puts. */
class CountingServer {
  open = 0
  peak = 0
  opened = 0
  put = new Set()
  #sockets = new Set()
  /** Whether a request gets no answer. */
  hangs = () => false

  static async start(t) {
    const counting = new CountingServer()
    const server = createServer((request, response) => {
      void counting.#serve(request, response)
    })
    server.on('connection', socket => {
      counting.#sockets.add(socket)
      counting.opened++
      counting.peak = Math.max(counting.peak, ++counting.open)
      socket.on('close', () => {
        counting.open--
        counting.#sockets.delete(socket)
      })
    })
    await new Promise(resolve => server.listen(0, '127.0.0.1', resolve))
    counting.endpoint = `http://127.0.0.1:${server.address().port}`
    t.after(() => {
      counting.dropAll()
      server.close()
    })
    return counting
  }

  dropAll() {
    for (const socket of this.#sockets) socket.destroy()
  }

  persistence(t, aws) {
    const persistence = DynamoDbPersistence({
      tableName: 'docs',
      skipCreateTable: true,
      aws: { region: 'local', endpoint: this.endpoint, ...CREDENTIALS, ...aws }
    })
    t.after(() => persistence.close())
    return persistence
  }

  async #serve(request, response) {
    const operation = request.headers['x-amz-target'].split('.').at(-1)
    const chunks = []
    for await (const chunk of request) chunks.push(chunk)
    const body = JSON.parse(Buffer.concat(chunks))
    const docName = operation === 'PutItem' ? body.Item.ydocname.S : body.ExpressionAttributeValues?.[':d'].S
    if (this.hangs(operation, docName)) return
    if (operation === 'PutItem') this.put.add(docName)
    response.writeHead(200, { 'content-type': 'application/x-amz-json-1.0' })
    response.end(operation === 'Query' ? '{"Count":0,"Items":[]}' : '{}')
  }
}

test(
  '2,000 documents stored at once share a bounded number of connections, and a slow one delays no other',
  onceOnly,
  async t => {
    const server = await CountingServer.start(t)
    server.hangs = (operation, docName) => operation === 'PutItem' && docName === 'slow'
    const persistence = server.persistence(t, { requestTimeoutMs: 120_000, operationTimeoutMs: 120_000 })
    const slow = persistence.storeUpdate('slow', update)
    const stores = Array.from({ length: 2_000 }, (_, n) => persistence.storeUpdate(`doc ${n}`, update))
    await until('thousands of waiting requests', () => persistence.stats().connections.waiting > 1_000)
    assert.equal(persistence.stats().connections.inFlight, 64)
    await Promise.all(stores)
    assert.equal(server.put.size, 2_000)
    assert.ok(server.peak <= 64 + 4, `${server.peak} connections`)
    assert.deepEqual(persistence.stats().connections, { inFlight: 1, waiting: 0 })
    server.hangs = () => false
    server.dropAll()
    await slow
    assert.equal(server.put.size, 2_001)
  }
)

test('close closes the connections of its persistence, and no other', onceOnly, async t => {
  const server = await CountingServer.start(t)
  const [closed, other] = [server.persistence(t), server.persistence(t)]
  await Promise.all(Array.from({ length: 200 }, (_, n) => closed.storeUpdate(`doc ${n}`, update)))
  await other.storeUpdate('doc', update)
  const { open, opened } = server
  assert.ok(open > 10, `${open} are open`)
  await closed.close()
  await until('the end of all connections but one', () => server.open === 1)
  await other.storeUpdate('doc', update)
  assert.equal(server.opened, opened)
  await rejectsWith('ERR_CLOSED', closed.getYDoc('doc'), 'doc')
})

const limits = {
  'maxConnections': { maxConnections: 2, requestHandler: { httpsAgent: { maxSockets: 9 } } },
  'httpOptions.agent.maxSockets': { httpOptions: { agent: { maxSockets: 2 } } },
  'requestHandler.httpsAgent.maxSockets': {
    requestHandler: { httpsAgent: { maxSockets: 2 }, httpAgent: { maxSockets: 2 } }
  }
}
for (const [what, aws] of Object.entries(limits)) {
  test(`${what} bounds the requests in flight`, onceOnly, async t => {
    const warnings = []
    const listener = warning => warnings.push(warning.message)
    process.on('warning', listener)
    t.after(() => process.off('warning', listener))
    const server = await CountingServer.start(t)
    server.hangs = () => true
    const persistence = server.persistence(t, { ...aws, operationTimeoutMs: 1_000 })
    const reads = Array.from({ length: 5 }, (_, n) =>
      rejectsWith('ERR_UNAVAILABLE', persistence.getYDoc(`doc ${n}`), `doc ${n}`)
    )
    await until('three waiting requests', () => persistence.stats().connections.waiting === 3)
    assert.equal(persistence.stats().connections.inFlight, 2)
    await Promise.all(reads)
    assert.ok(server.peak <= 3, `${server.peak} connections`)
    assert.deepEqual(warnings, [])
  })
}

test('maxSockets must be a number of connections', onceOnly, () => {
  const config = {
    tableName: 'docs',
    aws: { endpoint: 'memory:', httpOptions: { agent: { maxSockets: 0 } } }
  }
  assert.throws(() => DynamoDbPersistence(config), {
    code: 'ERR_INVALID_ARGUMENT',
    message: /config\.aws\.httpOptions\.agent\.maxSockets/
  })
})
