/**
 * `npm run bench:log -- [--check] [--without-b4]`: compares the cost of storing and loading with the original package.
 *
 * A proxy in front of DynamoDB Local counts requests, and adds up the WCU and RCU that DynamoDB reports. It also adds 5 ms to
 * each request. Counts are exact and include background compactions. Compare times within one run only. The last rows, a long
 * editing session, come from `cargo bench --bench b4_cost`, which runs in virtual time.
 *
 * The keystrokes come from a recorded trace (`Y_DYNAMODB_TRACE`; see scripts/trace.mjs) if it exists, else they are synthetic.
 * ORIGINAL is the path of the original package's module. Without it, only this package is measured. The original is not on
 * npm: see CONTRIBUTING.md.
 * `--check`: exits with 1 if a goal is missed. Needs a release build of the addon (`npm run build`) and Java.
 */
import { fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { ROOT } from '../scripts/tools.mjs'
import { startDynamoDbLocal } from '../scripts/dynamodb-local.mjs'
import { printTable, row } from './table.mjs'
import { RECORDED, readTrace, typingTrace } from '../scripts/trace.mjs'

const OURS = path.join(ROOT, 'index.cjs')
const THEIRS = process.env.ORIGINAL && path.resolve(process.env.ORIGINAL)
const LATENCY_MS = 5
const KEYSTROKES = 2_000
const STORED = 5_000
const TRACE = fs.existsSync(RECORDED) ? readTrace(RECORDED) : typingTrace(STORED)
const options = process.argv.slice(2)
const here = name => fileURLToPath(new URL(name, import.meta.url))

const ENV = {
  ...process.env,
  AWS_ACCESS_KEY_ID: 'test',
  AWS_SECRET_ACCESS_KEY: 'test',
  AWS_EC2_METADATA_DISABLED: 'true'
}

/** Runs a program and resolves with the lines that it printed. Rejects if it fails. */
async function linesOf(program, args, env = {}) {
  const child = spawn(program, args, {
    cwd: ROOT,
    env: { ...ENV, ...env },
    stdio: ['ignore', 'pipe', 'inherit']
  })
  const lines = []
  createInterface({ input: child.stdout }).on('line', line => lines.push(line))
  const [code] = await once(child, 'close')
  if (code !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${code}`)
  return lines
}

class Meter {
  #proxy

  static async start(endpoint) {
    const meter = new Meter()
    meter.#proxy = fork(here('log/proxy.mjs'), [JSON.stringify({ endpoint })], { env: ENV })
    meter.endpoint = (await once(meter.#proxy, 'message'))[0].endpoint
    return meter
  }

  async read(latencyMs) {
    this.#proxy.send({ latencyMs })
    return (await once(this.#proxy, 'message'))[0]
  }

  /** Waits until no request has arrived for two seconds. */
  async waitUntilIdle() {
    for (let last; ;) {
      const { requests } = await this.read()
      if (requests === last) return
      last = requests
      await sleep(2_000)
    }
  }

  stop() {
    this.#proxy.disconnect()
  }
}

/**
 * Runs one workload on one module. Resolves with the times and memory of the process and the counts of the proxy. `total` are
 * the counts including background compactions that end later.
 */
async function measure(meter, module, workload, { updates, tableName }) {
  const config = {
    tableName,
    aws: { region: 'us-west-2', endpoint: meter.endpoint, accessKeyId: 'test', secretAccessKey: 'test' }
  }
  const client = fork(here('log/client.mjs'), [JSON.stringify({ module, workload, config })], {
    execArgv: ['--expose-gc', '--no-warnings'],
    env: ENV,
    stdio: ['ignore', 'ignore', 'inherit', 'ipc']
  })
  await messageFrom(client)
  const before = await meter.read(LATENCY_MS)
  client.send(updates.map(update => Buffer.from(update).toString('base64')))
  const times = await messageFrom(client)
  const after = await meter.read()
  await meter.waitUntilIdle()
  client.send('end')
  await once(client, 'exit')
  return { ...times, ...difference(before, after), total: difference(before, await meter.read()) }
}

async function messageFrom(client) {
  const [message] = await Promise.race([once(client, 'message'), once(client, 'exit')])
  if (message === null || typeof message === 'number')
    throw new Error(`the measured process ended with ${message}`)
  return message
}

function difference(before, after) {
  const fields = ['requests', 'writeUnits', 'readUnits']
  return {
    ...Object.fromEntries(fields.map(field => [field, after[field] - before[field]])),
    inFlight: after.mostInFlight
  }
}

/** Runs a workload on both modules, one after the other. */
async function both(meter, workload, updates) {
  const each = async module =>
    module
    && (await measure(meter, module, workload, {
      updates,
      tableName: `bench-${workload}-${module === OURS ? 'ours' : 'theirs'}`
    }))
  return [await each(OURS), await each(THEIRS)]
}

/** Lets each module load, in a new process, the document that it stored. */
async function loads(meter) {
  const each = async module => {
    if (!module) return undefined
    const tableName = `bench-load-${module === OURS ? 'ours' : 'theirs'}`
    await measure(meter, module, 'fill', { updates: TRACE.slice(0, STORED), tableName })
    return await measure(meter, module, 'load', { updates: [], tableName })
  }
  return [await each(OURS), await each(THEIRS)]
}

function rowsOf(what, [ours, theirs], metrics) {
  return Object.entries(metrics).map(([name, { of, unit, goal }]) =>
    row(`${what}: ${name}`, {
      ours: of(ours),
      theirs: theirs && of(theirs),
      unit,
      goal: goal?.ratio && !theirs ? undefined : goal
    })
  )
}

/** The average of a count, including background compactions. */
const counted =
  (field, count) =>
  ({ total }) =>
    total[field] / count

async function table(endpoint) {
  const meter = await Meter.start(endpoint)
  try {
    const oneByOne = await both(meter, 'oneByOne', TRACE.slice(0, KEYSTROKES))
    const inTurn = [
      await measure(meter, OURS, 'inTurn', {
        updates: TRACE.slice(0, KEYSTROKES),
        tableName: 'bench-in-turn'
      })
    ]
    const atOnce = await both(meter, 'atOnce', TRACE.slice(0, KEYSTROKES))
    const documents = await both(meter, 'documents', TRACE.slice(0, KEYSTROKES / 50))
    const loaded = await loads(meter)
    return [
      ...rowsOf('2,000 one by one', oneByOne, {
        'requests each': { of: counted('requests', KEYSTROKES), unit: '', goal: { most: 1.02 } },
        'WCU each': { of: counted('writeUnits', KEYSTROKES), unit: '', goal: { most: 1.03 } },
        'RCU each': { of: counted('readUnits', KEYSTROKES), unit: '' },
        'time': { of: ({ ms }) => ms / 1_000, unit: 's', goal: { ratio: 1 / 0.6 } },
        'CPU each': { of: ({ cpuMs }) => cpuMs / KEYSTROKES, unit: 'ms', goal: { most: 0.5 } }
      }),
      ...rowsOf('2,000 one by one, two processes in turn', inTurn, {
        'requests each': { of: counted('requests', KEYSTROKES), unit: '', goal: { most: 1.05 } },
        'WCU each': { of: counted('writeUnits', KEYSTROKES), unit: '', goal: { most: 1.05 } }
      }),
      ...rowsOf('2,000 at once', atOnce, {
        'requests each': { of: counted('requests', KEYSTROKES), unit: '', goal: { most: 0.02 } },
        'WCU each': { of: counted('writeUnits', KEYSTROKES), unit: '', goal: { most: 0.02 } },
        'time': { of: ({ ms }) => ms / 1_000, unit: 's', goal: { most: 1 } }
      }),
      ...rowsOf('50 documents × 40 at once', documents, {
        'requests each': { of: counted('requests', KEYSTROKES), unit: '', goal: { most: 0.1 } },
        'time': { of: ({ ms }) => ms / 1_000, unit: 's', goal: { most: 1 } },
        'most in flight': { of: ({ inFlight }) => inFlight, unit: '' }
      }),
      ...rowsOf('getYDoc of 5,000 keystrokes', loaded, {
        'requests': { of: ({ requests }) => requests, unit: '' },
        'RCU': { of: ({ readUnits }) => readUnits, unit: '', goal: { most: 5 } },
        'WCU': { of: ({ writeUnits }) => writeUnits, unit: '', goal: { most: 0 } },
        'event loop blocked': { of: ({ blockedMs }) => blockedMs, unit: 'ms', goal: { most: 30 } },
        'memory': { of: ({ rss }) => rss / 2 ** 20, unit: 'MiB' }
      }),
      ...(await session(oneByOne[1]))
    ]
  } finally {
    meter.stop()
  }
}

/** The long editing session. The original's cost per keystroke is that measured above, plus 1 WCU for the delete. */
async function session(original) {
  if (options.includes('--without-b4')) return []
  const lines = await linesOf('cargo', [
    'bench',
    '--locked',
    '--no-default-features',
    '--bench',
    'b4_cost',
    '--',
    '--json'
  ])
  return lines
    .map(line => JSON.parse(line))
    .flatMap(({ trace, keystrokes, batchDelayMs, ...ours }) => {
      const what = `${trace}, batchDelayMs ${batchDelayMs}: `
      const theirs = field => original && original.total[field] / KEYSTROKES
      const writes = original && theirs('writeUnits') + 1
      return [
        row(`${what}WCU each`, {
          ours: ours.writeUnits / keystrokes,
          theirs: writes,
          unit: '',
          goal: { most: batchDelayMs > 0 ? 0.195 : 1.03 }
        }),
        row(`${what}RCU each`, {
          ours: ours.readUnits / keystrokes,
          theirs: theirs('readUnits'),
          unit: '',
          goal: { most: batchDelayMs > 0 ? 0.005 : 0.01 }
        }),
        row(`${what}requests each`, {
          ours: ours.requests / keystrokes,
          theirs: theirs('requests'),
          unit: ''
        }),
        row(`${what}most items`, {
          ours: ours.mostItems,
          theirs: original && keystrokes,
          unit: '',
          goal: { most: 40 }
        }),
        row(`${what}RCU of a load over those of the compact state, at most`, {
          ours: ours.excess,
          unit: '',
          goal: { most: 6 }
        }),
        row(`${what}bytes, as a multiple of the compact state`, {
          ours: ours.bytes / ours.compactBytes,
          unit: '×',
          goal: { most: 1.1 }
        })
      ]
    })
}

const local = process.env.DYNAMODB_LOCAL_ENDPOINT
  ? { endpoint: process.env.DYNAMODB_LOCAL_ENDPOINT }
  : await startDynamoDbLocal()
if (local.missing) {
  console.error(`bench:log needs DynamoDB Local: ${local.missing}`)
  process.exit(1)
}
try {
  console.log(
    `Node ${process.version}, ${os.cpus()[0]?.model}, ${os.platform()} ${os.arch()}; ${LATENCY_MS} ms added to each request`
  )
  console.log(`keystrokes: ${fs.existsSync(RECORDED) ? 'recorded' : 'synthetic'}`)
  if (!THEIRS) console.log('The original is not measured: set ORIGINAL to the path of its module.')
  const missed = printTable(await table(local.endpoint), 'the original')
  console.log(`${missed} goals missed`)
  if (options.includes('--check') && missed > 0) process.exitCode = 1
} finally {
  await local.stop?.()
}
