/** The example as a process: a document survives a restart, and no client gets a document that is not loaded. */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import WebSocket from 'ws'
import { WebsocketProvider } from 'y-websocket'
import * as Y from 'yjs'
import { until } from '../support/until.mjs'
import { startServer } from './server-process.mjs'
import { statusOf } from './upgrade.mjs'

const SERVER = fileURLToPath(new URL('../../examples/y-websocket/server.mjs', import.meta.url))

const start = async (t, env) => {
  const { address: port, ...server } = await startServer(SERVER, env, /port (\d+)/)
  t.after(() => server.kill())
  return { ...server, port }
}

const join = (t, port, name) => {
  const doc = new Y.Doc()
  const provider = new WebsocketProvider(`ws://127.0.0.1:${port}`, name, doc, {
    WebSocketPolyfill: WebSocket,
    disableBc: true
  })
  t.after(() => {
    provider.destroy()
    doc.destroy()
  })
  return { doc, text: doc.getText('text'), provider }
}

test('the y-websocket server loads a document after a restart', async t => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'y-dynamodb-example-'))
  t.after(() => fs.rmSync(folder, { recursive: true, force: true }))
  const env = { ENDPOINT: `file:${path.join(folder, 'docs.db')}` }

  const first = await start(t, env)
  const [a, b] = [join(t, first.port, 'room/a b'), join(t, first.port, 'room/a b')]
  a.text.insert(0, 'hello ')
  await until('the text at the other client', () => b.text.toString() === 'hello ')
  b.text.insert(6, 'world')
  await until('the text at the first client', () => a.text.toString() === 'hello world')
  a.provider.destroy()
  b.provider.destroy()
  assert.equal(await first.stop(), 0, first.output())

  const second = await start(t, env)
  const reader = join(t, second.port, 'room/a b')
  // The server loads a document before it accepts a client, so a client that is in sync has everything.
  await until('synchronisation', () => reader.provider.synced)
  assert.equal(reader.text.toString(), 'hello world')
})

test('a client is refused while its document cannot be loaded', async t => {
  const { port, output } = await start(t, {
    ENDPOINT: 'http://127.0.0.1:9',
    AWS_ACCESS_KEY_ID: 'x',
    AWS_SECRET_ACCESS_KEY: 'x'
  })
  const socket = new WebSocket(`ws://127.0.0.1:${port}/doc`)
  t.after(() => socket.terminate())
  const status = await new Promise((resolve, reject) => {
    socket.on('unexpected-response', (_, response) => resolve(response.statusCode))
    socket.on('open', () => reject(new Error('the client was accepted')))
    socket.on('error', reject)
  })
  assert.equal(status, 503)
  assert.match(output(), /ERR_TIMEOUT/)
})

test('the y-websocket server refuses a path without a name of a document, and continues', async t => {
  const { port } = await start(t, { ENDPOINT: 'memory:' })
  for (const path of ['/%', '//', '/']) assert.equal(await statusOf(port, path), 400, path)
  assert.equal(await statusOf(port, '/doc'), 101)
})
