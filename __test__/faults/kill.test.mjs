/**
 * Processes that are killed at random times: four writers, two compactors and a clearer on the same documents, each with
 * background compaction. The writers let open items grow. No acknowledged update is lost, no cleared one is back, and two flushes
 * delete what killed processes left incomplete.
 *
 * `KILL_SECONDS=60` runs it for longer. The processes use DynamoDB Local directly (`Y_DYNAMODB_TEST_ENGINE=local`), and share the
 * embedded database through the proxy.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { TestTable, isLocal } from '../support/dynamodb.mjs'
import { ProxiedTable } from '../support/proxy.mjs'
import { History } from './history.mjs'
import { entriesOf, isIncomplete, makeOld } from './incomplete-sets.mjs'
import { random, reportSeed } from './random.mjs'
import { idsIn } from './workload.mjs'

const SECONDS = Number(process.env.KILL_SECONDS ?? (isLocal ? 15 : 5))
const BETWEEN_KILLS_MS = 500
const START_LIMIT_MS = 120_000
/** Longer than DynamoDB Local takes to process a received request. */
const QUIET_MS = 3_000
/** The embedded database and DynamoDB Local are slow under seven processes. */
const LONG_TIMEOUTS = { requestTimeoutMs: 10_000, operationTimeoutMs: 60_000 }
const WORKER = fileURLToPath(new URL('worker.mjs', import.meta.url))
const DOCS = ['one', 'two', 'three', 'four', 'five']
const ROLES = ['writer', 'writer', 'writer', 'writer', 'compactor', 'compactor', 'clearer']

/** A worker process, which is started again after a kill. */
class Worker {
  #role
  #name
  #job
  #starts = 0
  #child
  #exit
  /** For each process its file, and when it was killed: `{ file, killed }`. */
  runs = []

  constructor(role, name, job) {
    this.#role = role
    this.#name = name
    this.#job = job
  }

  start() {
    const name = `${this.#name}.${this.#starts++}`
    const file = path.join(this.#job.folder, `${name}.jsonl`)
    const job = JSON.stringify({ role: this.#role, name, config: this.#job.config, docs: DOCS, file })
    this.#child = spawn(process.execPath, [WORKER, job], { stdio: ['ignore', 'inherit', 'inherit'] })
    this.#exit = once(this.#child, 'exit')
    this.runs.push({ file, killed: Infinity })
  }

  /** Ends the process, if it still runs. */
  end() {
    this.#child.kill('SIGKILL')
    return this.#exit
  }

  /** Kills the process at once. @throws if it had ended by itself */
  async kill() {
    this.#child.kill('SIGKILL')
    const [code, signal] = await this.#exit
    this.runs.at(-1).killed = Number(process.hrtime.bigint() / 1_000n)
    assert.deepEqual([code, signal], [null, 'SIGKILL'], `${this.#name} ended by itself`)
  }
}

/** What a process recorded. The last line of a killed process may be incomplete. */
function recordsOf({ file }) {
  if (!fs.existsSync(file)) return []
  const lines = fs.readFileSync(file, 'utf8').split('\n')
  lines.pop()
  return lines.map(line => JSON.parse(line))
}

/** The records of all processes as one history. A clear without an end ended when its process was killed. */
function mergeHistories(workers) {
  const history = new History({ ordered: false })
  const counts = { flushed: 0, overwrites: 0, rejected: {} }
  for (const run of workers.flatMap(worker => worker.runs)) {
    const clears = new Map()
    const items = new Map()
    for (const { store, clear, flushed, rejected, ...entry } of recordsOf(run)) {
      if (store !== undefined) {
        history.add({ stores: [{ id: store, ...entry }] })
        // The process has begun this store after an earlier one was in the same item: it has replaced the item.
        const item = `${entry.doc} ${entry.clock}`
        if (items.get(item) < entry.issued) counts.overwrites++
        else if (!items.has(item)) items.set(item, entry.ended)
      }
      if (clear !== undefined)
        clears.set(entry.began, { doc: clear, ended: run.killed, resolved: false, ...entry })
      if (flushed !== undefined) counts.flushed++
      if (rejected !== undefined) counts.rejected[rejected] = (counts.rejected[rejected] ?? 0) + 1
    }
    history.add({ clears: [...clears.values()] })
  }
  return { history, counts }
}

/** Waits for the requests of killed processes that are still in flight: until the table no longer changes. */
async function untilQuiet(table) {
  if (!isLocal) return table.settled()
  // The order of the attributes differs between answers.
  const look = async () =>
    JSON.stringify(
      (await table.items()).map(({ key, attributes }) => [key.toString('hex'), attributes.sealed?.BOOL])
    )
  for (let before, now = await look(); before !== now; now = await look()) {
    before = now
    await sleep(QUIET_MS)
  }
}

/** Whether updates were acknowledged, documents cleared and flushed. */
function isUnderWay({ history, counts }) {
  return (
    history.counts.acknowledged > 50
    && history.counts.clears > 0
    && counts.flushed > 0
    && counts.overwrites > 0
  )
}

test(`seven processes, killed at random for ${SECONDS} s`, { timeout: (SECONDS + 300) * 1_000 }, async t => {
  reportSeed(t)
  const chance = random()
  const table = isLocal ? new TestTable() : await ProxiedTable.before(t)
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'y-dynamodb-kill-'))
  t.after(() => fs.rmSync(folder, { recursive: true }))
  // Creates the table, and leaves no connection to the proxy.
  const creator = table.open(t, { aws: LONG_TIMEOUTS })
  await creator.getYDoc('one')
  await creator.close()

  const config = table.config({ compactionItems: 20, skipCreateTable: true, aws: LONG_TIMEOUTS })
  const workers = ROLES.map((role, n) => new Worker(role, `${role}-${n}`, { config, folder }))
  t.after(() => Promise.all(workers.map(worker => worker.end())))
  for (const worker of workers) worker.start()
  // A slow machine takes a while to start them.
  const limit = Date.now() + START_LIMIT_MS
  for (let state = mergeHistories(workers); !isUnderWay(state); state = mergeHistories(workers)) {
    assert(
      Date.now() < limit,
      `not enough has happened: ${JSON.stringify({ ...state.history.counts, ...state.counts })}`
    )
    await sleep(500)
  }
  let kills = 0
  const end = Date.now() + SECONDS * 1_000
  while (Date.now() < end) {
    await sleep(chance() * 2 * BETWEEN_KILLS_MS)
    const worker = workers[Math.floor(chance() * workers.length)]
    await worker.kill()
    worker.start()
    kills++
  }
  for (const worker of workers) await worker.kill()
  await untilQuiet(table)

  const reader = table.open(t, { compactionItems: 0, aws: LONG_TIMEOUTS })
  const { history, counts } = mergeHistories(workers)
  const open = (await table.items()).filter(({ attributes }) => attributes.version !== undefined).length
  t.diagnostic(JSON.stringify({ kills, open, ...history.counts, ...counts }))
  for (const doc of DOCS) {
    const check = async moment => {
      const { lost, back } = history.check(doc, idsIn(await reader.getYDoc(doc)))
      assert.deepEqual({ lost, back }, { lost: [], back: [] }, `${doc} ${moment}`)
    }
    await check('at the end')
    const incomplete = (await entriesOf(table, doc)).filter(isIncomplete)
    await makeOld(table, doc)
    await reader.flushDocument(doc)
    await reader.flushDocument(doc)
    await check('after two flushes')
    const left = await entriesOf(table, doc)
    assert(left.length <= 1 && !left.some(isIncomplete), `${doc}: ${JSON.stringify(left)}`)
    t.diagnostic(`${doc}: ${incomplete.length} incomplete sets of killed processes, none after two flushes`)
  }
})
