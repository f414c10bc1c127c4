import assert from 'node:assert/strict'
import { once } from 'node:events'
import http from 'node:http'
import { test } from 'node:test'
import { Demo } from './demo.mjs'
import { statusOf, upgrade } from './upgrade.mjs'

// Not `fetch`: it mends such paths before it sends them.
const get = (port, path) =>
  new Promise((resolve, reject) => {
    http
      .get({ port, path, host: '127.0.0.1' }, response => {
        response.resume()
        resolve(response.statusCode)
      })
      .on('error', reject)
  })

test('the demo refuses malformed requests and pages of other origins, and goes on', async t => {
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

test('the demo goes on when a client does not speak the websocket protocol', async t => {
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
