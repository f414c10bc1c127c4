/** A Hocuspocus server with a persistence, clients for it, and access to its table. */
import { HocuspocusProvider, HocuspocusProviderWebsocket } from '@hocuspocus/provider'
import { Server } from '@hocuspocus/server'
import WebSocket from 'ws'
import { DynamoDB } from 'y-dynamodb/hocuspocus'
import * as Y from 'yjs'
import { stored } from '../support/bound.mjs'
import { textOf } from '../support/documents.mjs'
import { DynamoDbPersistence } from '../support/dynamodb.mjs'
import { deny } from '../support/proxy.mjs'

/** A server on a table; its extension creates the persistence. */
export const open = async (t, table, { extensions = [], ...more } = {}) => {
  const reported = []
  const onError = ({ code }, context) => {
    reported.push([code, context])
    // As docs/HOCUSPOCUS.md shows it.
    if (code === 'ERR_CLEARED') server.hocuspocus.closeConnections(context.docName)
  }
  const extension = new DynamoDB(table.config({ onError, ...more }))
  const server = new Server({
    port: 0,
    address: '127.0.0.1',
    quiet: true,
    stopOnSignals: false,
    debounce: 50,
    extensions: [...extensions, extension]
  })
  await server.listen()
  let destroyed
  const stop = () => {
    destroyed ??= server.destroy()
    return destroyed
  }
  t.after(stop)
  const { documents } = server.hocuspocus
  const join = (docName, options) =>
    joined(t, { url: `ws://127.0.0.1:${server.address.port}`, ...options }, docName)
  return {
    server,
    hocuspocus: server.hocuspocus,
    documents,
    extension,
    reported,
    stop,
    join,
    codes: () => reported.map(([code]) => code)
  }
}

const joined = (t, options, name) => {
  const doc = new Y.Doc()
  const websocketProvider = new HocuspocusProviderWebsocket({ WebSocketPolyfill: WebSocket, ...options })
  const refusals = []
  const provider = new HocuspocusProvider({
    websocketProvider,
    name,
    document: doc,
    onAuthenticationFailed: refusal => refusals.push(refusal),
    onClose: refusal => refusals.push(refusal)
  })
  provider.attach()
  const leave = () => {
    provider.destroy()
    websocketProvider.destroy()
    doc.destroy()
  }
  t.after(leave)
  return { doc, text: doc.getText('text'), leave, refusals, isSynced: () => provider.synced }
}

/** The text of the document as another server loads it. */
export const storedText = async (table, docName) => textOf(await stored(table, docName))

export const store = async (table, docName, text) => {
  const persistence = DynamoDbPersistence(table.config())
  const doc = new Y.Doc()
  doc.getText('text').insert(0, text)
  await persistence.storeUpdate(docName, Y.encodeStateAsUpdate(doc))
  await persistence.close()
}

export const denyWrites = ({ operation }) => (operation === 'PutItem' ? deny : undefined)
export const denyReads = ({ operation }) => (operation === 'Query' ? deny : undefined)
