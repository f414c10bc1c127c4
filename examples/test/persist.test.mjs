import assert from 'node:assert/strict'
import { once } from 'node:events'
import http from 'node:http'
import { test } from 'node:test'
import { docs } from '@y/websocket-server/utils'
import WebSocket, { WebSocketServer } from 'ws'
import { WebsocketProvider } from 'y-websocket'
import * as Y from 'yjs'
import { docNameOf, persist } from '../y-websocket/persist.mjs'
import { until } from './until.mjs'
import { upgrade } from './upgrade.mjs'

/** Keeps updates in an array; reads wait for `loads`, stores are refused while it is `down`. */
class Fake {
  stored = []
  loads = Promise.resolve()
  down = false

  async storeUpdate (docName, update) {
    if (this.down) throw Object.assign(new Error('down'), { code: 'ERR_UNAVAILABLE' })
    return this.stored.push(update)
  }

  async getDiff () {
    const diff = this.stored.length > 0 ? Y.mergeUpdates(this.stored) : new Uint8Array([0, 0])
    await this.loads
    return diff
  }
}

const serve = async (t, persistence) => {
  const { connect, writer } = persist(persistence, () => {})
  const wss = new WebSocketServer({ noServer: true })
  const server = http.createServer()
  const sockets = []
  server.on('upgrade', (request, socket, head) => {
    sockets.push(socket)
    connect(wss, request, socket, head, docNameOf(request))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(async () => {
    wss.clients.forEach(client => client.terminate())
    server.close()
    await until('the end of all documents', () => docs.size === 0)
  })
  return { port: server.address().port, sockets, writer }
}

const join = (t, port) => {
  const doc = new Y.Doc()
  const provider = new WebsocketProvider(`ws://127.0.0.1:${port}`, 'doc', doc, { WebSocketPolyfill: WebSocket, disableBc: true })
  t.after(() => { provider.destroy(); doc.destroy() })
  return { text: doc.getText('text'), provider }
}

test('a client that breaks off while its document loads ends nothing but itself, and leaves no document behind', async t => {
  const persistence = new Fake()
  let loaded
  persistence.loads = new Promise(resolve => { loaded = resolve })
  const { port, sockets } = await serve(t, persistence)
  const { socket } = upgrade(port, '/doc')
  socket.on('error', () => {})
  await until('the upgrade', () => docs.has('doc'))
  socket.resetAndDestroy()
  await until('the end of the connection', () => sockets[0].destroyed)
  assert.equal(docs.size, 1)
  loaded()
  await until('the end of the document', () => docs.size === 0)
})

test('a client that speaks no websocket leaves no document behind', async t => {
  const { port } = await serve(t, new Fake())
  const { answer } = upgrade(port, '/doc', { Upgrade: 'something' })
  assert.match(await answer, / 400 /)
  assert.equal(docs.size, 0)
})

test('a document that comes again has what its former life has not stored yet', async t => {
  const persistence = new Fake()
  const { port, writer } = await serve(t, persistence)
  const typing = join(t, port)
  await until('synchronisation', () => typing.provider.synced)
  typing.text.insert(0, 'stored ')
  await until('the update in the table', () => persistence.stored.length === 1)
  persistence.down = true
  typing.text.insert(7, 'and waiting')
  await until('the update at the server', () => writer.waiting === 1)
  typing.provider.destroy()
  await until('the end of the document', () => docs.size === 0)

  const reader = join(t, port)
  await until('synchronisation', () => reader.provider.synced)
  assert.equal(writer.waiting, 1)
  assert.equal(reader.text.toString(), 'stored and waiting')
  persistence.down = false
  await writer.settled('doc')
  assert.equal(persistence.stored.length, 2)
})
