/**
 * Programs of the pages and examples, as users copy them: they survive an outage, and at one SIGTERM or two they store every
 * change before they end.
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import net from 'node:net'
import path from 'node:path'
import { describe, test } from 'node:test'
import { HocuspocusProvider, HocuspocusProviderWebsocket } from '@hocuspocus/provider'
import WebSocket from 'ws'
import * as Y from 'yjs'
import { TestTable } from '../support/dynamodb.mjs'
import { ProxiedTable, deny } from '../support/proxy.mjs'
import { until } from '../support/until.mjs'
import { upgrade } from '../examples/upgrade.mjs'
import { join } from '../servers/serving.mjs'
import { folderOf } from './programs.mjs'
import { blockOf, example, shownOn, start } from './started.mjs'

const WITH_SIGNALS = { skip: process.platform === 'win32' && 'needs SIGTERM' }

const DOC = 'letter'
/** What docs/Y-WEBSOCKET.md's client types. */
const TYPED = 'Dear reader. '

const yWebsocket = (t, port) => {
  const { text, leave, isSynced } = join(port, DOC)
  t.after(leave)
  return { text, isSynced, leave }
}

const hocuspocus = (t, port) => {
  const document = new Y.Doc()
  const websocketProvider = new HocuspocusProviderWebsocket({
    url: `ws://127.0.0.1:${port}`,
    WebSocketPolyfill: WebSocket
  })
  const provider = new HocuspocusProvider({ websocketProvider, name: DOC, document })
  provider.attach()
  const leave = () => {
    provider.destroy()
    websocketProvider.destroy()
  }
  t.after(leave)
  return { text: document.getText('text'), isSynced: () => provider.synced, leave }
}

/** `leavesFirst`: a provider of Hocuspocus that loses its server retries for ever, even after it was destroyed. */
const SERVERS = {
  'docs/Y-WEBSOCKET.md': {
    args: table => shownOn('docs/Y-WEBSOCKET.md', 'own.mjs', table),
    client: yWebsocket
  },
  'docs/HOCUSPOCUS.md': {
    args: table => shownOn('docs/HOCUSPOCUS.md', 'hocuspocus.mjs', table),
    client: hocuspocus,
    leavesFirst: true
  },
  'examples/y-websocket': { args: () => example('y-websocket/server.mjs'), client: yWebsocket },
  'examples/hocuspocus': {
    args: () => example('hocuspocus/server.mjs'),
    client: hocuspocus,
    leavesFirst: true
  }
}

/** A fault that holds requests until `release`. */
const hold = () => {
  const held = []
  return {
    fault: ({ operation }) =>
      operation === 'PutItem'
        ? request => new Promise(resolve => held.push(() => resolve(passOn(request))))
        : undefined,
    count: () => held.length,
    release: () => held.splice(0).forEach(pass => pass())
  }
}

const passOn = async ({ response, forward }) => {
  const { status, body } = await forward()
  response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0' }).end(body)
}

/** What the table has of a text, past a proxy. */
const textIn = async (t, table, { docName = DOC, name = 'text' } = {}) => {
  const stored = await (table.behind ?? table).open(t).getYDoc(docName)
  return stored.getText(name).toString()
}

/** A server on a table behind a proxy, and one client that is in sync with it. */
const serving = async (t, { args, client }) => {
  const table = await ProxiedTable.before(t)
  await table.create()
  const server = start(t, args(table), table)
  const user = client(t, await server.port())
  await until('synchronisation', user.isSynced)
  return { table, server, user }
}

for (const [name, kind] of Object.entries(SERVERS)) {
  describe(name, WITH_SIGNALS, () => {
    test('a second SIGTERM does not end the server before everything is stored', async t => {
      const { table, server, user } = await serving(t, kind)
      const { fault, count, release } = hold()
      table.rule(fault)
      user.text.insert(0, 'Dear reader')
      await until('the store', () => count() > 0)
      if (kind.leavesFirst) user.leave()

      const port = await server.port()
      server.child.kill('SIGTERM')
      await until('the end of listening', () => isRefused(port))
      server.child.kill('SIGTERM')
      await assertRuns(server)
      table.rule(() => undefined)
      release()
      assert.deepEqual(await server.ended, { code: 0, signal: null }, server.output())
      assert.equal(await textIn(t, table), 'Dear reader')
    })

    test('an outage ends neither the server nor its users, and nothing is lost', async t => {
      const { table, server, user } = await serving(t, kind)
      table.rule(({ operation }) => (operation === 'PutItem' ? deny : undefined))
      user.text.insert(0, 'Dear reader')
      await until('two refusals', () => table.count('PutItem') > 1)
      assert.match(server.output(), /storeUpdate ERR_ACCESS|ERR_ACCESS PutItem/)
      assert.ok(user.isSynced())

      table.rule(() => undefined)
      await until('the text in the table', async () => (await textIn(t, table)) === 'Dear reader')
      user.leave()
      server.child.kill('SIGTERM')
      assert.deepEqual(await server.ended, { code: 0, signal: null }, server.output())
    })

    test('SIGTERM in an outage ends the server, and onError gets what is not stored', async t => {
      const { table, server, user } = await serving(t, kind)
      table.rule(({ operation }) => (operation === 'PutItem' ? deny : undefined))
      user.text.insert(0, 'Dear reader')
      await until('a refusal', () => server.output().includes('ERR_ACCESS'))
      if (kind.leavesFirst) user.leave()
      const reported = server.output().length
      server.child.kill('SIGTERM')
      assert.deepEqual(await server.ended, { code: 0, signal: null }, server.output())
      assert.match(server.output().slice(reported), /ERR_ACCESS/)
    })

    test('SIGTERM while nobody is connected ends the server', async t => {
      const { server, user } = await serving(t, kind)
      user.leave()
      server.child.kill('SIGTERM')
      assert.deepEqual(await server.ended, { code: 0, signal: null }, server.output())
    })
  })
}

/** Gives a signal time to end the process. */
const assertRuns = async ({ child, ended }) => {
  const first = await Promise.race([ended, new Promise(resolve => setTimeout(resolve, 500))])
  assert.equal(first, undefined, 'the server has ended')
  assert.equal(child.exitCode, null)
}

test('docs/Y-WEBSOCKET.md: a malformed frame ends its connection and not the server', async t => {
  const { server, user } = await serving(t, SERVERS['docs/Y-WEBSOCKET.md'])
  const { socket, answer } = upgrade(await server.port(), '/other')
  assert.match(await answer, / 101 /)
  socket.on('error', () => {})
  const closed = once(socket, 'close')
  socket.write(Buffer.of(0xff, 0xff, 0xff, 0xff))
  await closed
  await assertRuns(server)
  assert.ok(user.isSynced())
})

test(
  'docs/Y-WEBSOCKET.md: the client finds in the next server what it typed in the last one',
  WITH_SIGNALS,
  async t => {
    const table = new TestTable({ endpoint: `file:${path.join(folderOf(t), 'docs.db')}` })
    for (const loaded of ['', TYPED]) {
      const server = start(t, example('y-websocket/server.mjs'), table)
      const port = await server.port()
      const { text } = blockOf('docs/Y-WEBSOCKET.md', 'client.mjs')
      const client = start(t, ['--input-type=module', '--eval', text.replace('1234', port)], table)
      await until('what the client prints', () => client.output().includes('\n'))
      assert.equal(client.output(), `loaded: "${loaded}"\n`)
      await until(
        'the text in the table',
        async () => (await textIn(t, table, { docName: 'notes', name: 'body' })) === loaded + TYPED
      )
      client.child.kill('SIGINT')
      await client.ended
      server.child.kill('SIGTERM')
      await server.ended
    }
  }
)

describe('README.md, letter.mjs', () => {
  test('waits for the end of an outage, and then stores the text', async t => {
    const table = await ProxiedTable.before(t)
    await table.create()
    table.rule(({ operation, nth }) =>
      (operation === 'Query' || operation === 'PutItem') && nth < 2 ? deny : undefined
    )
    const program = start(t, shownOn('README.md', 'letter.mjs', table), table)
    assert.deepEqual(await program.ended, { code: 0, signal: null }, program.output())
    assert.match(program.output(), /bindState letter ERR_ACCESS/)
    assert.match(program.output(), /storeUpdate letter ERR_ACCESS/)
    assert.match(program.output(), /\nDear reader\n$/)
  })
})

describe('docs/OPERATING.md, shutdown.mjs', WITH_SIGNALS, () => {
  test('answers requests in progress at SIGTERM, and a second one does not end it', async t => {
    const table = await ProxiedTable.before(t)
    await table.create()
    const server = start(t, shownOn('docs/OPERATING.md', 'shutdown.mjs', table), table)
    const port = await server.port()
    let release
    const released = new Promise(resolve => {
      release = resolve
    })
    table.rule(({ operation }) =>
      operation === 'Query' ? request => released.then(() => passOn(request)) : undefined
    )
    const asked = fetch(`http://127.0.0.1:${port}/${DOC}`, { headers: { connection: 'close' } })
    await until('the read', () => table.count('Query') > 0)
    server.child.kill('SIGTERM')
    await until('the end of listening', () => isRefused(port))
    server.child.kill('SIGTERM')
    await assertRuns(server)
    release()
    const { status } = await asked
    assert.equal(status, 200)
    assert.deepEqual(await server.ended, { code: 0, signal: null }, server.output())
  })
})

const isRefused = port =>
  new Promise(resolve => {
    const socket = net.connect(Number(port), '127.0.0.1')
    socket.on('connect', () => resolve(false)).on('error', () => resolve(true))
    socket.on('connect', () => socket.destroy())
  })
