/** `persist.mjs` of the example, with clients that leave, break the protocol, or have their document cleared. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import http from 'node:http'
import { test } from 'node:test'
import { docs } from '@y/websocket-server/utils'
import { WebSocketServer } from 'ws'
import { TestTable } from '../support/dynamodb.mjs'
import { ProxiedTable, delay } from '../support/proxy.mjs'
import { breakConnection } from '../support/sockets.mjs'
import { join } from '../servers/serving.mjs'
import { closeConnections, docNameOf, persist } from '../../examples/y-websocket/persist.mjs'
import { until } from '../support/until.mjs'
import { upgrade } from './upgrade.mjs'

const serve = async (t, persistence) => {
  const { connect } = persist(persistence, () => {})
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
  return { port: server.address().port, sockets }
}

test('a client that disconnects while its document loads leaves no document in memory', async t => {
  const table = await ProxiedTable.before(t)
  let release
  const held = new Promise(resolve => {
    release = resolve
  })
  table.rule(({ operation }) =>
    operation === 'Query'
      ? async request => {
          await held
          await delay(0)(request)
        }
      : undefined
  )
  const persistence = table.open(t)
  const { port, sockets } = await serve(t, persistence)
  const { socket } = upgrade(port, '/doc')
  socket.on('error', () => {})
  await until('the upgrade', () => docs.has('doc'))
  breakConnection(socket)
  await until('the end of the connection', () => sockets[0].destroyed)
  assert.equal(docs.size, 1)
  release()
  await until('the end of the document', () => docs.size === 0)
})

test('a client that does not speak the websocket protocol leaves no document in memory', async t => {
  const { port } = await serve(t, new TestTable().open(t))
  const { answer } = upgrade(port, '/doc', { Upgrade: 'something' })
  assert.match(await answer, / 400 /)
  assert.equal(docs.size, 0)
})

test('the clients of a cleared document reconnect, and what they still have is stored again', async t => {
  const reported = []
  const persistence = new TestTable().open(t, {
    onError: ({ code }, { docName }) => {
      reported.push(code)
      closeConnections(docName)
    }
  })
  const { port } = await serve(t, persistence)
  const { text, isSynced, leave } = join(port, 'doc')
  t.after(leave)
  await until('synchronisation', isSynced)
  text.insert(0, 'Dear reader')
  const stored = async () => (await persistence.getYDoc('doc')).getText('text').toString()
  await until('the text in the table', async () => (await stored()) === 'Dear reader')

  await persistence.clearDocument('doc')
  await until('the text in the table again', async () => (await stored()) === 'Dear reader')
  assert.deepEqual(reported, ['ERR_CLEARED'])
})
