/**
 * For `@y/websocket-server`: lets a client in when its document is loaded. Otherwise the client would see an empty document
 * until then, and might take it for a new one.
 */
import { STATUS_CODES } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { docs, getYDoc, setPersistence, setupWSConnection } from '@y/websocket-server/utils'

/** How long a client waits for its document. Then the server refuses it, and the client retries. */
const LOAD_LIMIT_MS = 10_000

const refusal = status => `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\n\r\n`

/** Refuses an upgrade request. Ignores an error of the socket: the client may have disconnected. */
export const refuse = (socket, status) => {
  socket.on('error', () => socket.destroy())
  socket.end(refusal(status))
}

/** The decoded path of a request without its first slash; undefined if it is malformed (`//`, `/%`). */
export const pathOf = request => {
  try {
    return decodeURIComponent(new URL(request.url, 'http://localhost').pathname.slice(1))
  } catch {
    return undefined
  }
}

/** The name of the requested document; undefined if the path names none. */
export const docNameOf = request => pathOf(request) || undefined

const loaded = async (persistence, doc) => {
  const waiting = new AbortController()
  const late = sleep(LOAD_LIMIT_MS, undefined, { signal: waiting.signal }).then(() => {
    throw Object.assign(new Error(`not loaded within ${LOAD_LIMIT_MS} ms`), { code: 'ERR_TIMEOUT' })
  })
  try {
    await Promise.race([persistence.whenBound(doc), late])
  } finally {
    late.catch(() => {}) // rejects when it is aborted
    waiting.abort()
  }
}

/** Disconnects the clients of a document. They reconnect, and the server loads the document again. */
export const closeConnections = docName =>
  docs.get(docName)?.conns.forEach((clientIds, connection) => connection.terminate())

/** Removes a document without clients from memory. The next client loads it again. */
const forget = (docName, doc) => {
  if (docs.get(docName) !== doc || doc.conns.size > 0) return
  docs.delete(docName)
  doc.destroy()
}

/**
 * @param persistence a DynamoDbPersistence; its `onError` gets the failures of loading and storing
 * @param report `report(error, docName)` is called when a client is refused, and when its connection fails
 * @returns `{ connect, writer }`; `connect(wss, request, socket, head, docName)` completes an HTTP upgrade; `writer` shows
 *   what is not stored yet
 */
export const persist = (persistence, report) => {
  setPersistence(persistence)

  const connect = async (wss, request, socket, head, docName) => {
    // Until the websocket exists, no other listener handles errors, and an unhandled one ends the process.
    socket.on('error', () => socket.destroy())
    let doc
    try {
      // If the last client leaves while we wait, the server replaces the document. Then wait for the new one.
      while (doc !== getYDoc(docName)) {
        doc = getYDoc(docName)
        await loaded(persistence, doc)
      }
    } catch (error) {
      report(error, docName)
      forget(docName, doc)
      socket.end(refusal(503))
      return
    }
    wss.handleUpgrade(request, socket, head, connection => {
      connection.on('error', error => report(error, docName)) // a malformed frame: ws closes the connection
      setupWSConnection(connection, request, { docName })
    })
    if (!socket.writable) forget(docName, doc) // the client disconnected, or ws refused it
  }

  const writer = {
    /** Resolves when everything in the documents in memory is stored. */
    settled: () => Promise.all([...docs].map(([docName, doc]) => persistence.writeState(docName, doc))),
    /** How many updates are not stored yet. */
    get waiting() {
      return persistence.stats().bound.waitingUpdates
    }
  }

  return { connect, writer }
}
