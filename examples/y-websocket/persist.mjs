/**
 * Persistence for `@y/websocket-server`: what `setPersistence` wants, and a connect function that lets a client in only
 * when its document is loaded. Without the latter a client would take the still empty document for the whole of it.
 */
import { STATUS_CODES } from 'node:http'
import * as Y from 'yjs'
import { docs, getYDoc, setPersistence, setupWSConnection } from '@y/websocket-server/utils'
import { Writer } from '../writer.mjs'

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

/**
 * @param persistence a DynamoDbPersistence
 * @param report is told of every failure: `report(error, docName)`
 * @returns `{ connect, writer }`; `connect(wss, request, socket, head, docName)` completes an HTTP upgrade
 */
export const persist = (persistence, report) => {
  const writer = new Writer(persistence, report)
  const loading = new WeakMap() // Y.Doc → promise of its content

  const load = async (docName, doc) => {
    // A former life of the document may have left updates that wait for DynamoDB: the read can miss them.
    const updates = writer.unstored(docName)
    updates.push(await persistence.getDiff(docName))
    for (const update of updates) Y.applyUpdate(doc, update, persistence)
  }

  /** Takes a document out of memory that nobody is connected to; the next client loads it again. */
  const forget = (docName, doc) => {
    if (docs.get(docName) !== doc || doc.conns.size > 0) return
    docs.delete(docName)
    doc.destroy()
  }

  setPersistence({
    provider: persistence,
    /** Called once for each document that comes into memory. */
    bindState: (docName, doc) => {
      const loaded = load(docName, doc)
      loaded.catch(() => {}) // reported by connect, which waits for it
      loading.set(doc, loaded)
      doc.on('update', (update, origin) => {
        if (origin !== persistence) writer.store(docName, update)
      })
    },
    /** Called when the last client has gone: the server destroys the document afterwards. */
    writeState: docName => writer.settled(docName)
  })

  const connect = async (wss, request, socket, head, docName) => {
    // Nobody else listens before the websocket is there, and an error that nobody hears ends the process.
    socket.on('error', () => socket.destroy())
    let doc
    try {
      // While we wait, the last client of the document may leave: then there is a new one to wait for.
      while (doc !== getYDoc(docName)) {
        doc = getYDoc(docName)
        await loading.get(doc)
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

  return { connect, writer }
}
