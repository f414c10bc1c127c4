/** `support/sockets.mjs`, which the proxy uses: a broken connection ends in the same way in every state of its socket. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { onceOnly } from '../support/dynamodb.mjs'

const SOCKETS = new URL('../support/sockets.mjs', import.meta.url)

/** How a process ends that breaks a connection in the given state. */
async function end(state) {
  const source = `
    import net from 'node:net'
    import { breakConnection } from ${JSON.stringify(SOCKETS.href)}
    const server = net.createServer(socket => {
      socket.on('error', () => {})
      server.close()
      if (${JSON.stringify(state)} === 'shutting down') socket.end()
      breakConnection(socket)
    })
    server.listen(0, '127.0.0.1', () => {
      net.connect(server.address().port, '127.0.0.1').on('error', error => { console.log(error.code) }).resume()
    })`
  const child = spawn(process.execPath, ['--input-type=module', '--eval', source], {
    stdio: ['ignore', 'pipe', 'inherit']
  })
  const timer = setTimeout(() => child.kill('SIGKILL'), 20_000)
  let out = ''
  child.stdout.on('data', text => {
    out += text
  })
  const [code, signal] = await once(child, 'close')
  clearTimeout(timer)
  return { code, signal, out: out.trim() }
}

test('a connection that is open is reset', onceOnly, async () => {
  assert.deepEqual(await end('open'), { code: 0, signal: null, out: 'ECONNRESET' })
})

test('a connection that is shutting down is destroyed, and the process ends', onceOnly, async () => {
  const { code, signal } = await end('shutting down')
  assert.deepEqual([code, signal], [0, null])
})
