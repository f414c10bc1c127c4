/** The suite for every version of the y-websocket server, with real clients. */
import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import v8 from 'node:v8'
import vm from 'node:vm'
import { stored } from '../support/bound.mjs'
import { until } from '../support/until.mjs'
import { textOf } from '../support/documents.mjs'
import { DynamoDbPersistence, TestTable } from '../support/dynamodb.mjs'
import { ProxiedTable, deny } from '../support/proxy.mjs'
import { join, sendUpdates, serve } from './serving.mjs'
import { load } from './versions.mjs'

/** Updates on which Yjs throws. */
const HOSTILE_UPDATES = [
  [1, 1, 1, 0, 71, 1, 15, 3, 1, 112, 0],
  [1, 1, 1, 0, 5, 1, 1, 97, 1, 123, 0],
  [0, 1, 2, 1, 2, 0],
  [1, 1, 1, 5, 132, 1, 5, 1, 98, 0],
  [1, 1, 1, 0, 4, 1, 1, 97, 5, 120, 120, 120, 120, 120, 0],
  // Yjs reads these two but cannot write them: bytes as __proto__, a subdocument whose guid is null.
  [1, 1, 3, 0, 8, 1, 1, 112, 1, 118, 1, 9, 95, 95, 112, 114, 111, 116, 111, 95, 95, 116, 1, 1, 0],
  [1, 1, 4, 0, 9, 1, 1, 112, 1, 103, 118, 1, 4, 103, 117, 105, 100, 126, 0]
]

const SERVER = fileURLToPath(new URL('server.mjs', import.meta.url))

export const serverSuite = async version => {
  const { utils, Y } = await load(version)

  /** A server in this process, on a table. */
  const open = async (t, table) => {
    const reported = []
    const onError = (error, context) => {
      reported.push([error, context])
      // As docs/Y-WEBSOCKET.md shows it.
      if (error.code === 'ERR_CLEARED')
        utils.docs.get(context.docName)?.conns.forEach((clientIds, connection) => connection.terminate())
    }
    const persistence = DynamoDbPersistence(table.config({ Y, onError }))
    const { port, stop } = await serve(utils, persistence)
    t.after(async () => {
      await stop()
      await persistence.close()
    })
    return {
      persistence,
      port,
      client: docName => joined(t, port, docName),
      codes: () => reported.map(([error]) => error.code)
    }
  }

  const joined = (t, port, docName) => {
    const client = join(port, docName)
    t.after(client.leave)
    return client
  }

  describe(version, () => {
    test('a server that is killed while clients type loses nothing of their content', t =>
      killed(t, version, joined))

    test('the next document of a name has the pending updates of the previous one', async t => {
      const table = await ProxiedTable.before(t)
      const { persistence, client, codes } = await open(t, table)
      const first = client('doc')
      await until('synchronisation', first.isSynced)
      table.rule(({ operation }) => (operation === 'PutItem' ? deny : undefined))
      first.text.insert(0, 'typed before')
      await until('a refusal', () => codes().length > 0)
      const former = utils.docs.get('doc')
      first.leave()
      await until('the end of the document at the server', () => !utils.docs.has('doc'))

      const second = client('doc')
      await until('the text', () => textOf(second.doc) === 'typed before')
      assert.notEqual(utils.docs.get('doc'), former)
      assert.equal(former.isDestroyed, false)
      second.text.insert(0, 'and after, ')
      await until('the text at the server', () => textOf(utils.docs.get('doc')) === 'and after, typed before')
      table.rule(() => undefined)
      await until('the end of the former document', () => former.isDestroyed)
      await persistence.writeState('doc', utils.docs.get('doc'))
      await until(
        'the text in the table',
        async () => textOf(await stored(table)) === 'and after, typed before'
      )
      assert.deepEqual([...new Set(codes())], ['ERR_ACCESS'])
    })

    test('clients that connect while loading fails for 5 s lose nothing, and get what is stored', async t => {
      const table = await ProxiedTable.before(t)
      const { persistence, client, codes } = await open(t, table)
      const earlier = client('doc')
      await until('synchronisation', earlier.isSynced)
      earlier.text.insert(0, 'stored')
      await until('the text in the table', async () => textOf(await stored(table)) === 'stored')
      earlier.leave()
      await until('the end of the document at the server', () => !utils.docs.has('doc'))

      const end = Date.now() + 5_000
      table.rule(({ operation }) => (operation === 'Query' && Date.now() < end ? deny : undefined))
      const typing = client('doc')
      await until('synchronisation with the empty document', typing.isSynced)
      typing.text.insert(0, 'typed early, ')
      const bound = persistence.whenBound(utils.docs.get('doc'))
      await until('a failed attempt', () => codes().length > 0)
      assert.equal(textOf(typing.doc), 'typed early, ')
      await bound
      assert(Date.now() >= end)
      await until('all of it at the client', () => typing.text.length === 19)
      typing.leave()
      await until('the end of the document at the server', () => !utils.docs.has('doc'))
      const late = client('doc')
      await until('all of it at another client', () => late.text.length === 19)
      assert.deepEqual(
        [textOf(late.doc), textOf(await stored(table))],
        [textOf(typing.doc), textOf(typing.doc)]
      )
      assert.deepEqual([...new Set(codes())], ['ERR_ACCESS'])
    })

    test('50 clients on one document see the same, and so does the table', async t => {
      const table = new TestTable()
      const { persistence, client, codes } = await open(t, table)
      const clients = Array.from({ length: 50 }, () => client('doc'))
      await until('synchronisation', () => clients.every(({ isSynced }) => isSynced()))
      for (let turn = 0; turn < 4; turn++) {
        clients.forEach(({ text }, i) => text.insert(text.length, `${i}:${turn} `))
        await new Promise(resolve => setImmediate(resolve))
      }
      const words = Array.from({ length: 200 }, (_, i) => `${i % 50}:${Math.floor(i / 50)}`).sort()
      await until('the same text everywhere', () =>
        clients.every(
          ({ text }) => text.length === clients[0].text.length && text.length === words.join(' ').length + 1
        )
      )
      await persistence.writeState('doc', utils.docs.get('doc'))
      const found = textOf(await stored(table))
      assert.deepEqual(found.trim().split(' ').sort(), words)
      for (const { doc } of clients) assert.equal(textOf(doc), found)
      assert.deepEqual(codes(), [])
    })

    test('updates on which Yjs throws are not stored, and the document can be loaded', async t => {
      const table = new TestTable()
      const first = await open(t, table)
      const honest = first.client('doc')
      await until('synchronisation', honest.isSynced)
      honest.text.insert(0, 'kept')
      await until('the text at the server', () => textOf(utils.docs.get('doc')) === 'kept')
      await quietly(t, async () => {
        await sendUpdates(first.port, 'doc', HOSTILE_UPDATES)
        honest.text.insert(4, ' and more')
        await until('the text at the server', () => textOf(utils.docs.get('doc')) === 'kept and more')
      })
      await first.persistence.writeState('doc', utils.docs.get('doc'))
      const late = first.client('doc')
      await until('the text at another client', () => textOf(late.doc) === 'kept and more')
      assert.equal(textOf(await stored(table)), 'kept and more')
      assert.equal(textOf(await table.open(t).getYDoc('doc')), 'kept and more')
    })

    test('a document that is cleared while it is open is loaded again', async t => {
      const table = new TestTable()
      const { persistence, client, codes } = await open(t, table)
      const clients = [client('doc'), client('doc')]
      await until('synchronisation', () => clients.every(({ isSynced }) => isSynced()))
      clients[0].text.insert(0, 'before')
      await until('the text in the table', async () => textOf(await stored(table)) === 'before')
      const former = utils.docs.get('doc')
      await persistence.clearDocument('doc')
      await until('the end of the former document', () => former.isDestroyed)
      await until('the new document', () => utils.docs.get('doc')?.conns.size === 2)
      clients[0].text.insert(6, ' and after')
      await until('the text in the table', async () => textOf(await stored(table)) === 'before and after')
      assert.deepEqual(codes(), ['ERR_CLEARED'])
    })

    test('200 documents that were opened and closed are collected', async t => {
      v8.setFlagsFromString('--expose-gc')
      const gc = vm.runInNewContext('gc')
      const { persistence, port, codes } = await open(t, new TestTable())
      const round = async () => {
        const gone = []
        for (let i = 0; i < 200; i += 20) gone.push(...(await visit(port, i)))
        await until('the end of the documents at the server', () => utils.docs.size === 0)
        await until('the end of them in memory', async () => {
          await new Promise(resolve => setTimeout(resolve, 20))
          gc()
          return gone.every(doc => doc.deref() === undefined)
        })
        assert.equal(gone.length, 200)
        return process.memoryUsage().heapUsed
      }
      let growth
      let before = await round()
      // The heap size varies; a leak grows with every round. A document takes about 7 KB.
      for (let i = 0; i < 4 && !(growth < 200 * 2_500); i++) {
        const after = await round()
        growth = after - before
        before = after
      }
      assert(growth < 200 * 2_500, `the heap grew by ${growth} bytes`)
      assert.deepEqual(persistence.stats().bound, {
        loading: 0,
        waitingDocuments: 0,
        waitingUpdates: 0,
        waitingBytes: 0
      })
      assert.deepEqual(codes(), [])
    })
  })

  /** Opens 20 documents, types, and closes them. @returns weak references to the server's documents */
  const visit = async (port, from) => {
    const clients = Array.from({ length: 20 }, (_, i) => join(port, `doc${from + i}`))
    let docs
    try {
      await until('synchronisation', () => clients.every(({ isSynced }) => isSynced()))
      clients.forEach(({ text }) => text.insert(0, 'some text '.repeat(20)))
      docs = [...utils.docs.values()].map(doc => new WeakRef(doc))
    } finally {
      clients.forEach(({ leave }) => leave())
    }
    await until('the end of the documents at the server', () => utils.docs.size === 0)
    return docs
  }
}

const start = async (t, version, config, port = 0) => {
  const child = fork(SERVER, [version, JSON.stringify(config), String(port)], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc']
  })
  const kill = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
  t.after(kill)
  const [message] = await Promise.race([once(child, 'message'), once(child, 'exit').then(() => [{}])])
  assert(message.port, 'the server starts')
  return { port: message.port, kill }
}

/** Two clients type while the server is killed and restarted. Then it is killed without clients and restarted. */
const killed = async (t, version, joined) => {
  const folder = await mkdtemp(path.join(tmpdir(), 'y-dynamodb-servers-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  const table = new TestTable({ endpoint: `file:${path.join(folder, 'docs.db')}` })
  const first = await start(t, version, table.config())
  const clients = [joined(t, first.port, 'doc'), joined(t, first.port, 'doc')]
  await until('synchronisation', () => clients.every(({ isSynced }) => isSynced()))
  const type = async (from, to) => {
    for (let i = from; i < to; i++) {
      clients.forEach(({ text }, who) => text.insert(text.length, `${who}:${i} `))
      await new Promise(resolve => setTimeout(resolve, 2))
    }
  }
  await Promise.all([type(0, 100), new Promise(resolve => setTimeout(resolve, 60)).then(first.kill)])
  const second = await start(t, version, table.config(), first.port)
  await type(100, 120)
  const [a, b] = clients
  await until('the same text at both', () => textOf(a.doc) === textOf(b.doc) && a.text.length > 1_000)
  const text = textOf(a.doc)
  assert.equal(text.trim().split(' ').length, 240)
  await until('the text in the table', async () => textOf(await stored(table)) === text)
  clients.forEach(({ leave }) => leave())
  await second.kill()

  const third = await start(t, version, table.config())
  const late = joined(t, third.port, 'doc')
  await until('the text', () => textOf(late.doc) === text)
}

/** Runs `work` without the output of the server about updates on which Yjs throws. */
const quietly = async (t, work) => {
  const print = t.mock.method(console, 'error', () => {})
  await work()
  print.mock.restore()
}
