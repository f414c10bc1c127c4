/** A y-websocket server with a persistence, and clients for it. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import WebSocket, { WebSocketServer } from 'ws'
import { WebsocketProvider } from 'y-websocket'
import * as Y from 'yjs'

// Each provider adds a listener for the exit of the process.
process.setMaxListeners(0)

/** Serves documents before they are loaded, as the server does without further code. */
export const serve = async ({ setPersistence, setupWSConnection }, persistence, port = 0) => {
  setPersistence(persistence)
  const server = createServer()
  const wss = new WebSocketServer({ server })
  wss.on('connection', setupWSConnection)
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: server.address().port,
    stop: async () => {
      wss.clients.forEach(client => client.terminate())
      server.close()
      await once(server, 'close')
    }
  }
}

export const join = (port, docName) => {
  const doc = new Y.Doc()
  const provider = new WebsocketProvider(`ws://127.0.0.1:${port}`, docName, doc, {
    WebSocketPolyfill: WebSocket,
    disableBc: true,
    maxBackoffTime: 200
  })
  const leave = () => {
    provider.destroy()
    doc.destroy()
  }
  return { doc, provider, text: doc.getText('text'), leave, isSynced: () => provider.synced }
}

/** Sends small updates as sync messages, without checking them. */
export const sendUpdates = async (port, docName, updates) => {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/${docName}`)
  await once(socket, 'open')
  for (const update of updates) socket.send(Uint8Array.of(0, 2, update.length, ...update))
  // The server answers the ping after it has handled the updates.
  socket.ping()
  await once(socket, 'pong')
  socket.terminate()
}
