/** The server of the demo over HTTP and websockets: odd requests do not end it, and odd names can be opened. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import fs from 'node:fs'
import http from 'node:http'
import path from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { WebSocket } from 'ws'
import { WebsocketProvider } from 'y-websocket'
import * as Y from 'yjs'
import { roomOf } from '../../examples/demo/editor/address.js'
import { until } from '../support/until.mjs'
import { Demo } from './demo.mjs'
import { statusOf, upgrade } from './upgrade.mjs'

// `fetch` would correct such paths before it sends them.
const get = (port, path) =>
  new Promise((resolve, reject) => {
    http
      .get({ port, path, host: '127.0.0.1' }, response => {
        response.resume()
        resolve(response.statusCode)
      })
      .on('error', reject)
  })

test('the demo refuses malformed requests and pages of other origins, and continues', async t => {
  const { port } = await new Demo(t).start()
  assert.equal(await get(port, '/%'), 400)
  assert.equal(await get(port, '//'), 400)
  assert.equal(await get(port, '/assets/constructor'), 404)
  assert.equal(await get(port, '/stored?doc='), 400)
  assert.equal(await statusOf(port, '/%'), 400)
  assert.equal(await statusOf(port, '/'), 400)
  assert.equal(await statusOf(port, '/doc', { Origin: 'null' }), 403)
  assert.equal(await statusOf(port, '/doc', { Origin: 'https://example.org' }), 403)
  assert.equal(await statusOf(port, '/doc', { Origin: `http://127.0.0.1:${port}` }), 101)
  assert.equal(await get(port, '/'), 200)
  assert.equal(await get(port, '/some/document'), 200)
  assert.equal(await get(port, '/stored'), 200)
})

for (const name of ['.', '..']) {
  test(`a document named “${name}” can be opened`, async t => {
    const demo = await new Demo(t).start()
    const { room, params } = roomOf(name)
    const doc = new Y.Doc()
    const options = { params, disableBc: true, WebSocketPolyfill: WebSocket }
    const provider = new WebsocketProvider(`ws://127.0.0.1:${demo.port}`, room, doc, options)
    t.after(() => {
      provider.destroy()
      doc.destroy()
    })
    await until('synchronisation', () => provider.synced)
    doc.getText('text').insert(0, 'text')
    await until('the text in the table', async () => (await demo.stored(name)).stored.items > 0)
  })
}

test('the demo continues after a client that does not speak the websocket protocol', async t => {
  const { port } = await new Demo(t).start()
  const { socket, answer } = upgrade(port, '/doc')
  t.after(() => socket.destroy())
  assert.match(await answer, / 101 /)
  socket.write(Buffer.of(0xff, 0xff, 0xff, 0xff)) // reserved bits and an unknown opcode
  socket.resume()
  await once(socket, 'close')
  assert.equal(await get(port, '/stored'), 200)
  assert.equal(await statusOf(port, '/doc'), 101)
})

const DEMO = fileURLToPath(new URL('../../examples/demo/', import.meta.url))

test('the demo imports nothing from the tests and the benchmarks', () => {
  const files = fs.readdirSync(DEMO, { recursive: true }).filter(name => /\.m?js$/.test(name))
  assert(files.length > 10)
  for (const name of files)
    assert.doesNotMatch(fs.readFileSync(path.join(DEMO, name), 'utf8'), /['"/](__test__|bench)\//, name)
})

test('the demo serves the fonts of the page', async t => {
  const { port } = await new Demo(t).start()
  const load = async file => fetch(`http://127.0.0.1:${port}${file}`)
  const [style] = (await (await load('/')).text()).match(/\/assets\/[^"]*\.css/)
  const [font] = (await (await load(style)).text()).match(/\/assets\/[^)]*latin-wght[^)]*\.woff2/)
  const answer = await load(font)
  assert.equal(answer.headers.get('content-type'), 'font/woff2')
  assert.equal(Buffer.from(await answer.arrayBuffer()).toString('latin1', 0, 4), 'wOF2')
})
