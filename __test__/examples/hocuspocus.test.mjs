/** The example as a process: a document survives the restart of the server. */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { HocuspocusProvider, HocuspocusProviderWebsocket } from '@hocuspocus/provider'
import WebSocket from 'ws'
import * as Y from 'yjs'
import { until } from '../support/until.mjs'
import { startServer } from './server-process.mjs'

const SERVER = fileURLToPath(new URL('../../examples/hocuspocus/server.mjs', import.meta.url))

const client = url => {
  const document = new Y.Doc()
  const websocketProvider = new HocuspocusProviderWebsocket({ url, WebSocketPolyfill: WebSocket })
  const provider = new HocuspocusProvider({ websocketProvider, name: 'doc', document })
  provider.attach()
  const leave = () => {
    provider.destroy()
    websocketProvider.destroy()
  }
  return { provider, text: document.getText('text'), leave }
}

const start = async (t, env) => {
  const server = await startServer(SERVER, env, /(ws:\/\/\S+:\d+)/)
  const clients = []
  t.after(() => {
    // Before the server ends: a provider that lost its connection reconnects for ever, even if it is destroyed later.
    clients.forEach(({ leave }) => leave())
    return server.kill()
  })
  const join = () => {
    clients.push(client(server.address.replace('0.0.0.0', '127.0.0.1')))
    return clients.at(-1)
  }
  return { ...server, join }
}

test('a Hocuspocus server loads a document after a restart', async t => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'y-dynamodb-example-'))
  t.after(() => fs.rmSync(folder, { recursive: true, force: true }))
  const env = { ENDPOINT: `file:${path.join(folder, 'docs.db')}` }

  const first = await start(t, env)
  const writer = first.join()
  await until('synchronisation', () => writer.provider.synced)
  writer.text.insert(0, 'hello')
  await until('the answer of the server', () => !writer.provider.hasUnsyncedChanges)
  writer.leave()
  assert.equal(await first.stop(), 0, first.output())

  const second = await start(t, env)
  const reader = second.join()
  await until('synchronisation', () => reader.provider.synced)
  assert.equal(reader.text.toString(), 'hello')
})
