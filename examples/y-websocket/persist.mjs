/**
 * For `@y/websocket-server`: a connect function that lets a client in only when its document is loaded. Without it a client
 * would take the still empty document for the whole of it, for as long as loading takes.
 */
import { STATUS_CODES } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { docs, getYDoc, setPersistence, setupWSConnection } from '@y/websocket-server/utils'

/** How long a client waits for its document; then it is refused, and tries again by itself. */
const LOAD_LIMIT_MS = 10_000

const refusal = status => `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\n\r\n`

/** Ends an upgrade request that is not let in. The client may have gone: that is no error of ours. */
export const refuse = (socket, status) => {
  socket.on('error', () => socket.destroy())
  socket.end(refusal(status))
}

/** The path of a request without its first slash, decoded; undefined where it is malformed (`//`, `/%`). */
export const pathOf = request => {
  try {
    return decodeURIComponent(new URL(request.url, 'http://localhost').pathname.slice(1))
  } catch {
    return undefined
  }
}

/** The document that a request asks for; undefined where its path names none. */
export const docNameOf = request => pathOf(request) || undefined

const loaded = async (persistence, doc) => {
  const waiting = new AbortController()
  const late = sleep(LOAD_LIMIT_MS, undefined, { signal: waiting.signal }).then(() => {
    throw Object.assign(new Error(`not loaded within ${LOAD_LIMIT_MS} ms`), { code: 'ERR_TIMEOUT' })
  })
  try {
    await Promise.race([persistence.whenBound(doc), late])
  } finally {
    late.catch(() => {}) // nobody waits for it any more
    waiting.abort()
  }
}

/** Takes a document out of memory that nobody is connected to; the next client loads it again. */
const forget = (docName, doc) => {
  if (docs.get(docName) !== doc || doc.conns.size > 0) return
  docs.delete(docName)
  doc.destroy()
}

/**
 * @param persistence a DynamoDbPersistence; its `onError` hears of what goes wrong behind the clients
 * @param report is told why a client was refused: `report(error, docName)`
 * @returns `{ connect, writer }`; `connect(wss, request, socket, head, docName)` completes an HTTP upgrade; `writer` tells
 *   what waits to be stored
 */
export const persist = (persistence, report) => {
  setPersistence(persistence)

  const connect = async (wss, request, socket, head, docName) => {
    // Nobody else listens before the websocket is there, and an error that nobody hears ends the process.
    socket.on('error', () => socket.destroy())
    let doc
    try {
      // While we wait, the last client of the document may leave: then there is a new one to wait for.
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
      connection.on('error', error => report(error, docName)) // a frame that is none: the connection closes by itself
      setupWSConnection(connection, request, { docName })
    })
    if (!socket.writable) forget(docName, doc) // the client has gone meanwhile, or speaks no websocket
  }

  const writer = {
    /** Resolves when everything in the documents that are in memory is stored. */
    settled: () => Promise.all([...docs].map(([docName, doc]) => persistence.writeState(docName, doc))),
    /** How many updates are not stored yet. */
    get waiting() {
      return persistence.stats().bound.waitingUpdates
    }
  }

  return { connect, writer }
}
