/**
 * Persistence for `@y/websocket-server`: what `setPersistence` wants, and a connect function that lets a client in only
 * when its document is loaded. Without the latter a client would take the still empty document for the whole of it.
 */
import * as Y from 'yjs'
import { docs, getYDoc, setPersistence, setupWSConnection } from '@y/websocket-server/utils'
import { Writer } from '../writer.mjs'

/**
 * @param persistence a DynamoDbPersistence
 * @param report is told of every failure: `report(error, docName)`
 * @returns `{ connect, writer }`; `connect(wss, request, socket, head, docName)` completes an HTTP upgrade
 */
export const persist = (persistence, report) => {
  const writer = new Writer(persistence, report)
  const loading = new WeakMap() // Y.Doc → promise of its content

  const load = async (docName, doc) => {
    Y.applyUpdate(doc, await persistence.getDiff(docName), persistence)
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
    try {
      // While we wait, the last client of the document may leave: then there is a new one to wait for.
      for (let doc; doc !== getYDoc(docName);) {
        doc = getYDoc(docName)
        await loading.get(doc)
      }
    } catch (error) {
      report(error, docName)
      docs.get(docName)?.destroy()
      docs.delete(docName) // the next client tries again
      socket.end('HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\n\r\n')
      return
    }
    wss.handleUpgrade(request, socket, head, connection => setupWSConnection(connection, request, { docName }))
  }

  return { connect, writer }
}
