import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import http from 'node:http'
import os from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { statusOf } from './upgrade.mjs'

const SERVER = fileURLToPath(new URL('../../demo/server.mjs', import.meta.url))

const start = async t => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'y-dynamodb-demo-'))
  const env = { ...process.env, PORT: '0', HOST: '127.0.0.1', DEMO_FILE: path.join(folder, 'demo.db') }
  const child = fork(SERVER, [], { env, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  t.after(async () => {
    const ended = child.exitCode ?? once(child, 'exit')
    child.kill('SIGKILL')
    await ended
    fs.rmSync(folder, { recursive: true, force: true })
  })
  const [{ port }] = await once(child, 'message')
  return port
}

// Not `fetch`: it mends such paths before it sends them.
const get = (port, path) => new Promise((resolve, reject) => {
  http.get({ port, path, host: '127.0.0.1' }, response => { response.resume(); resolve(response.statusCode) }).on('error', reject)
})

test('the demo refuses malformed requests and pages of other origins, and goes on', async t => {
  const port = await start(t)
  assert.equal(await get(port, '/%'), 400)
  assert.equal(await get(port, '//'), 400)
  assert.equal(await get(port, '/constructor'), 404)
  assert.equal(await statusOf(port, '/%'), 400)
  assert.equal(await statusOf(port, '/'), 400)
  assert.equal(await statusOf(port, '/doc', { Origin: 'null' }), 403)
  assert.equal(await statusOf(port, '/doc', { Origin: 'https://example.org' }), 403)
  assert.equal(await statusOf(port, '/doc', { Origin: `http://127.0.0.1:${port}` }), 101)
  assert.equal(await get(port, '/'), 200)
  assert.equal(await get(port, '/stored'), 200)
})
