import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HocuspocusProvider, HocuspocusProviderWebsocket } from '@hocuspocus/provider'
import { Server } from '@hocuspocus/server'
import WebSocket from 'ws'
import DynamoDbPersistence from 'y-dynamodb'
import * as Y from 'yjs'
import { DynamoDb } from '../hocuspocus/extension.mjs'
import { until } from './until.mjs'

const config = { tableName: 'docs', aws: { region: 'local', endpoint: 'memory:hocuspocus-example' } }

const start = async t => {
  const reported = []
  const extension = new DynamoDb(DynamoDbPersistence(config), error => reported.push(error))
  const server = new Server({ port: 0, address: '127.0.0.1', quiet: true, stopOnSignals: false, extensions: [extension] })
  await server.listen()
  return { url: `ws://127.0.0.1:${server.address.port}`, stop: () => server.destroy(), reported }
}

const join = (url, name) => {
  const document = new Y.Doc()
  const websocketProvider = new HocuspocusProviderWebsocket({ url, WebSocketPolyfill: WebSocket })
  const provider = new HocuspocusProvider({ websocketProvider, name, document })
  provider.attach()
  return { document, provider, leave: () => { provider.destroy(); websocketProvider.destroy() } }
}

test('a Hocuspocus server has a document again after a restart', async t => {
  // Keeps the database in memory alive between the two servers.
  const keeper = DynamoDbPersistence(config)
  t.after(() => keeper.close())
  const first = await start(t)
  const writer = join(first.url, 'doc')
  await until('synchronisation', () => writer.provider.synced)
  writer.document.getText('text').insert(0, 'hello')
  await until('the text in the table', async () => (await keeper.getYDoc('doc')).getText('text').toString() === 'hello')
  writer.leave()
  await first.stop()

  const second = await start(t)
  const reader = join(second.url, 'doc')
  await until('synchronisation', () => reader.provider.synced)
  assert.equal(reader.document.getText('text').toString(), 'hello')
  reader.leave()
  await second.stop()
  assert.deepEqual([...first.reported, ...second.reported], [])
})
