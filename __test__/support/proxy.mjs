/**
 * An HTTP proxy in front of the DynamoDB under test that injects faults: throttle, fail, deny, hang, reset, lose the response
 * of an applied write, end pages early, leave items unprocessed, describe a table as still being created.
 */
import { createServer } from 'node:http'
import { connect } from 'node:net'
import { requestRaw, TestTable } from './dynamodb.mjs'
import { breakConnection } from './sockets.mjs'
import { until } from './until.mjs'

/** The same table through a proxy. */
export class ProxiedTable extends TestTable {
  /** All requests so far: `{ operation, body }`. */
  requests = []
  /** The headers of all requests so far. */
  headers = []
  #counts = new Map()
  #rule = () => undefined
  #server
  #sockets = new Set()
  #serving = 0

  static async before(t, table = new TestTable()) {
    const proxied = new ProxiedTable(table)
    await proxied.#listen()
    t.after(() => proxied.stop())
    return proxied
  }

  constructor(table) {
    super({ endpoint: undefined, tableName: table.tableName })
    this.behind = table
    this.#server = createServer((request, response) => {
      this.#serving++
      void this.#serve(request, response).finally(() => this.#serving--)
    })
    this.#server.on('connection', socket => {
      this.#sockets.add(socket)
      socket.on('close', () => this.#sockets.delete(socket))
    })
  }

  /**
   * From now on `rule` is called with each request and returns one of the faults below, or undefined to forward it.
   *
   * @param {(request: { operation: string, body: object, nth: number }) => Fault | undefined} rule
   */
  rule(rule) {
    this.#rule = rule
  }

  /** Requests of the test itself skip the faults. */
  request(operation, body) {
    return this.behind.request(operation, body)
  }

  count(operation) {
    return this.#counts.get(operation) ?? 0
  }

  async stop() {
    for (const socket of this.#sockets) socket.destroy()
    await new Promise(resolve => this.#server.close(resolve))
  }

  /** Resolves when everything that killed processes sent is applied. No other client may have a connection. */
  async settled() {
    // Connections are accepted in order: after this one, none of a killed process is left to accept.
    const last = connect(this.#server.address().port, '127.0.0.1')
    await until('the last connection', () =>
      [...this.#sockets].some(({ remotePort }) => remotePort === last.localPort)
    )
    last.destroy()
    await until('the last request', () => this.#sockets.size === 0 && this.#serving === 0)
  }

  async #listen() {
    await new Promise(resolve => this.#server.listen(0, '127.0.0.1', resolve))
    this.endpoint = `http://127.0.0.1:${this.#server.address().port}`
  }

  async #serve(request, response) {
    const operation = String(request.headers['x-amz-target']).split('.').at(-1)
    const chunks = []
    try {
      for await (const chunk of request) chunks.push(chunk)
    } catch {
      return // The client was killed while it sent the request.
    }
    const body = JSON.parse(Buffer.concat(chunks).toString())
    const nth = this.count(operation)
    this.#counts.set(operation, nth + 1)
    this.requests.push({ operation, body })
    this.headers.push(request.headers)
    const fault = this.#rule({ operation, body, nth }) ?? pass
    await fault({
      operation,
      body,
      request,
      response,
      forward: changed => requestRaw(this.behind.endpoint, operation, changed ?? body)
    })
  }
}

/** A proxy that only records requests. */
export function recorder(t, table) {
  return ProxiedTable.before(t, table)
}

/** Answers as DynamoDB does. */
export function answer(response, { status, body }) {
  response.writeHead(status, {
    'content-type': 'application/x-amz-json-1.0',
    'x-amzn-requestid': 'REQUEST-ID'
  })
  response.end(body)
}

async function pass({ response, forward }) {
  answer(response, await forward())
}

/** DynamoDB answers with an error. */
export function fail(code, { status = 400, message = 'on purpose' } = {}) {
  return async ({ response }) => {
    answer(response, {
      status,
      body: JSON.stringify({ __type: `com.amazonaws.dynamodb.v20120810#${code}`, message })
    })
  }
}

export const throttle = fail('ProvisionedThroughputExceededException')
export const deny = fail('AccessDeniedException')
export const serverError = fail('InternalServerError', { status: 500 })

/** The request never gets an answer. */
export async function hang() {}

/** The connection breaks before the request reaches DynamoDB. */
export async function reset({ request }) {
  breakConnection(request.socket)
}

/** The request is applied, and its response is lost. */
export async function loseResponse({ request, forward }) {
  await forward()
  breakConnection(request.socket)
}

/** The request is forwarded after a delay. */
export function delay(ms) {
  return async ({ response, forward }) => {
    await new Promise(resolve => setTimeout(resolve, ms))
    answer(response, await forward())
  }
}

/** A Query or Scan whose pages end after `n` items. */
export function pageOf(n) {
  return async ({ body, response, forward }) => {
    answer(response, await forward({ ...body, Limit: Math.min(n, body.Limit ?? n) }))
  }
}

/** A BatchWriteItem of which only the first `n` writes are processed. */
export function unprocessed(n) {
  return async ({ body, response, forward }) => {
    const [[table, writes]] = Object.entries(body.RequestItems)
    const done = { ...body, RequestItems: { [table]: writes.slice(0, n) } }
    const { status, body: text } = n === 0 ? { status: 200, body: '{}' } : await forward(done)
    const left = writes.slice(n)
    const merged = { ...JSON.parse(text), UnprocessedItems: left.length === 0 ? {} : { [table]: left } }
    answer(response, { status, body: JSON.stringify(merged) })
  }
}

/** DescribeTable reports the table as CREATING until `instant`. */
export function creatingUntil(instant) {
  return async ({ response, forward }) => {
    const { status, body } = await forward()
    const parsed = JSON.parse(body)
    if (Date.now() < instant && parsed.Table !== undefined) parsed.Table.TableStatus = 'CREATING'
    answer(response, { status, body: JSON.stringify(parsed) })
  }
}
