/**
 * The demo without a browser: two websocket clients type a passage, the server is killed with SIGKILL and started again on
 * the same file. A new client has to get the same text and the same state vector.
 *
 * Exits with 0 if it does, and with 1 if it does not or if a step takes too long.
 */
import { fork } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import WebSocket from 'ws'
import { WebsocketProvider } from 'y-websocket'
import * as Y from 'yjs'
import { passage } from './passage.mjs'

const SERVER = fileURLToPath(new URL('server.mjs', import.meta.url))
const STEP_LIMIT_MS = 60_000
const EDITS_PER_TURN = 100
const DOC = 'round-trip'

const say = text => process.stdout.write(`${text}\n`)

/** Waits until `test` returns a truthy value, and resolves with it. */
const until = async (what, test) => {
  const limit = Date.now() + STEP_LIMIT_MS
  for (;;) {
    const value = await test()
    if (value) return value
    if (Date.now() > limit) throw new Error(`${what} did not happen within ${STEP_LIMIT_MS / 1_000} s`)
    await new Promise(resolve => setTimeout(resolve, 20))
  }
}

const startServer = async file => {
  const child = fork(SERVER, [], {
    env: { ...process.env, PORT: '0', HOST: '127.0.0.1', DEMO_FILE: file },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc']
  })
  let port, code
  child.on('message', message => {
    port = message.port
  })
  child.on('exit', (status, signal) => {
    code = status ?? signal
  })
  const end = signal => {
    child.kill(signal)
    return until('the end of the server', () => code !== undefined)
  }
  await until('the start of the server', () => {
    if (code !== undefined) throw new Error(`the server ended with ${code}`)
    return port
  }).catch(async error => {
    await end('SIGKILL')
    throw error
  })
  return { port, end }
}

const connect = async port => {
  const doc = new Y.Doc()
  const provider = new WebsocketProvider(`ws://127.0.0.1:${port}`, DOC, doc, {
    WebSocketPolyfill: WebSocket,
    disableBc: true
  })
  await until('the first synchronisation', () => provider.synced)
  return {
    doc,
    text: doc.getText('text'),
    leave: () => {
      provider.destroy()
    }
  }
}

const sameState = (a, b) =>
  Buffer.compare(Y.encodeStateVector(a.doc), Y.encodeStateVector(b.doc)) === 0
  && a.text.toString() === b.text.toString()

/** The entries of a state vector in a fixed order: in the bytes they can have any. */
const entries = bytes => JSON.stringify([...Y.decodeStateVector(bytes)].sort(([a], [b]) => a - b))

const type = async (clients, edits) => {
  for (let at = 0, turn = 0; at < edits.length; at += EDITS_PER_TURN, turn++) {
    const typing = clients[turn % clients.length]
    for (const { index, remove, insert } of edits.slice(at, at + EDITS_PER_TURN)) {
      if (remove > 0) typing.text.delete(index, remove)
      if (insert) typing.text.insert(index, insert)
    }
    await until('the other client’s update', () => sameState(clients[0], clients[1]))
  }
  // Both at the same time, at the same place.
  clients.forEach((client, n) => client.text.insert(0, `client ${n} was here\n`))
  await until(
    'the same text at both clients',
    () => sameState(clients[0], clients[1]) && clients[0].text.toString().includes('client 1')
  )
}

const storedState = async port => {
  const { documents } = await (await fetch(`http://127.0.0.1:${port}/stored`)).json()
  return documents.find(({ name }) => name === DOC)
}

const roundTrip = async (file, servers) => {
  const { edits, source } = passage()
  say(`typing ${edits.length} edits of ${source}, two clients in turns of ${EDITS_PER_TURN}`)
  const first = await startServer(file)
  servers.push(first)
  const clients = [await connect(first.port), await connect(first.port)]
  await type(clients, edits)
  const text = clients[0].text.toString()
  const vector = entries(Y.encodeStateVector(clients[0].doc))

  // The websocket protocol has no acknowledgements, so the table is read until the last update is in it.
  const before = await until('everything in the table', async () => {
    const state = await storedState(first.port)
    return state && entries(Buffer.from(state.stateVector, 'base64')) === vector && state
  })
  clients.forEach(client => client.leave())
  await first.end('SIGKILL')
  say(`stored ${before.items} items, ${before.bytes.toLocaleString('en')} bytes; server killed with SIGKILL`)

  const second = await startServer(file)
  servers.push(second)
  const reader = await connect(second.port)
  const again = { text: reader.text.toString(), vector: entries(Y.encodeStateVector(reader.doc)) }
  reader.leave()
  if (again.text !== text)
    throw new Error(`the text differs: ${text.length} characters typed, ${again.text.length} read`)
  if (again.vector !== vector)
    throw new Error(`the state vector differs: ${vector} typed, ${again.vector} read`)
  await second.end('SIGTERM')
  say(
    `server started again on the same file; a new client read the same ${text.length.toLocaleString('en')} characters`
  )
  say(`and the same state vector, of ${JSON.parse(vector).length} clients`)
}

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'y-dynamodb-demo-'))
const servers = []
try {
  await roundTrip(path.join(folder, 'demo.db'), servers)
  say('The round trip succeeded.')
} catch (error) {
  process.stderr.write(`The round trip FAILED: ${error.stack}\n`)
  process.exitCode = 1
} finally {
  for (const server of servers) await server.end('SIGKILL')
  fs.rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
}
process.exit()
