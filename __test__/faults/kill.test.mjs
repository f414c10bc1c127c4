/**
 * Processes that are killed at any moment: four writers, two compactors and a clearer on the same documents, each with
 * background compaction. What a writer was told is stored is there afterwards, what was cleared is not back, and two flushes
 * leave nothing of those that were killed.
 *
 * `KILL_SECONDS=60` for a longer time than the usual. On DynamoDB Local the processes reach it directly
 * (`Y_DYNAMODB_TEST_ENGINE=local`); the embedded one is reached through the proxy, so that they share it.
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
import { TestTable, isLocal } from '../support/engine.mjs'
import { ProxiedTable } from '../support/proxy.mjs'
import { Ledger } from './ledger.mjs'
import { random, tellSeed } from './random.mjs'
import { age, isRemains, writes } from './leftovers.mjs'
import { idsIn } from './work.mjs'

const SECONDS = Number(process.env.KILL_SECONDS ?? (isLocal ? 15 : 5))
const BETWEEN_KILLS_MS = 500
const ENOUGH_LIMIT_MS = 120_000
/** Longer than a loaded machine leaves a request that it has received. */
const QUIET_MS = 3_000
/** The embedded engine and DynamoDB Local are slow under seven processes. */
const PATIENT = { requestTimeoutMs: 10_000, operationTimeoutMs: 60_000 }
const WORKER = fileURLToPath(new URL('worker.mjs', import.meta.url))
const DOCS = ['one', 'two', 'three', 'four', 'five']
const ROLES = ['writer', 'writer', 'writer', 'writer', 'compactor', 'compactor', 'clearer']

/** One place in the crowd: a process, and its successor when it is killed. */
class Place {
  #role
  #name
  #job
  #lives = 0
  #child
  #exit
  /** Where the lives so far wrote what they were told, and when each ended. */
  ledgers = []

  constructor(role, name, job) {
    this.#role = role
    this.#name = name
    this.#job = job
  }

  start() {
    const name = `${this.#name}.${this.#lives++}`
    const ledger = path.join(this.#job.folder, `${name}.jsonl`)
    const job = JSON.stringify({ role: this.#role, name, config: this.#job.config, docs: DOCS, ledger })
    this.#child = spawn(process.execPath, [WORKER, job], { stdio: ['ignore', 'inherit', 'inherit'] })
    this.#exit = once(this.#child, 'exit')
    this.ledgers.push({ ledger, killed: Infinity })
  }

  /** Ends what is left of it when the test has failed. */
  end() {
    this.#child.kill('SIGKILL')
    return this.#exit
  }

  /** Kills the process at once. @throws where it had ended by itself */
  async kill() {
    this.#child.kill('SIGKILL')
    const [code, signal] = await this.#exit
    this.ledgers.at(-1).killed = Number(process.hrtime.bigint() / 1_000n)
    assert.deepEqual([code, signal], [null, 'SIGKILL'], `${this.#name} ended by itself`)
  }
}

/** What the processes wrote down. The last line of one that was killed may be half a line. */
function entriesOf({ ledger }) {
  if (!fs.existsSync(ledger)) return []
  const lines = fs.readFileSync(ledger, 'utf8').split('\n')
  lines.pop()
  return lines.map(line => JSON.parse(line))
}

/** All that was written down, as one ledger. A clear that has no end ended when its process was killed. */
function together(places) {
  const ledger = new Ledger({ ordered: false })
  const counts = { flushed: 0, refused: {} }
  for (const life of places.flatMap(place => place.ledgers)) {
    const clears = new Map()
    for (const { store, clear, flushed, refused, ...entry } of entriesOf(life)) {
      if (store !== undefined) ledger.add({ stores: [{ id: store, ...entry }] })
      if (clear !== undefined)
        clears.set(entry.began, { doc: clear, ended: life.killed, resolved: false, ...entry })
      if (flushed !== undefined) counts.flushed++
      if (refused !== undefined) counts.refused[refused] = (counts.refused[refused] ?? 0) + 1
    }
    ledger.add({ clears: [...clears.values()] })
  }
  return { ledger, counts }
}

/** Until the table has not changed for a while: what the killed processes had sent may still be on its way. */
async function quiet(table) {
  // Not the attributes themselves: their order differs from answer to answer.
  const look = async () =>
    JSON.stringify(
      (await table.items()).map(({ key, attributes }) => [key.toString('hex'), attributes.sealed?.BOOL])
    )
  for (let before, now = await look(); before !== now; now = await look()) {
    before = now
    await sleep(QUIET_MS)
  }
}

/** Whether there is something that could be lost, could be back, and could leave remains. */
function isEnough({ ledger, counts }) {
  return ledger.counts.acknowledged > 50 && ledger.counts.clears > 0 && counts.flushed > 0
}

test(
  `seven processes, one killed every now and then, for ${SECONDS} s`,
  { timeout: (SECONDS + 300) * 1_000 },
  async t => {
    tellSeed(t)
    const chance = random()
    const table = isLocal ? new TestTable() : await ProxiedTable.before(t)
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'y-dynamodb-kill-'))
    t.after(() => fs.rmSync(folder, { recursive: true }))
    const judge = table.open(t, { compactionItems: 0, aws: PATIENT })
    await judge.getYDoc('one')

    const config = table.config({ compactionItems: 20, skipCreateTable: true, aws: PATIENT })
    const places = ROLES.map((role, n) => new Place(role, `${role}-${n}`, { config, folder }))
    t.after(() => Promise.all(places.map(place => place.end())))
    for (const place of places) place.start()
    // A slow machine needs a while until each has done something.
    const limit = Date.now() + ENOUGH_LIMIT_MS
    for (let so = together(places); !isEnough(so); so = together(places)) {
      assert(
        Date.now() < limit,
        `not enough has happened: ${JSON.stringify({ ...so.ledger.counts, ...so.counts })}`
      )
      await sleep(500)
    }
    let kills = 0
    const end = Date.now() + SECONDS * 1_000
    while (Date.now() < end) {
      await sleep(chance() * 2 * BETWEEN_KILLS_MS)
      const place = places[Math.floor(chance() * places.length)]
      await place.kill()
      place.start()
      kills++
    }
    for (const place of places) await place.kill()
    await quiet(table)

    const { ledger, counts } = together(places)
    t.diagnostic(JSON.stringify({ kills, ...ledger.counts, ...counts }))
    for (const doc of DOCS) {
      const check = async moment => {
        const { lost, back } = ledger.judge(doc, idsIn(await judge.getYDoc(doc)))
        assert.deepEqual({ lost, back }, { lost: [], back: [] }, `${doc} ${moment}`)
      }
      await check('at the end')
      const remains = (await writes(table, doc)).filter(isRemains)
      await age(table, doc)
      await judge.flushDocument(doc)
      await judge.flushDocument(doc)
      await check('after two flushes')
      const left = await writes(table, doc)
      assert(left.length <= 1 && !left.some(isRemains), `${doc}: ${JSON.stringify(left)}`)
      t.diagnostic(`${doc}: ${remains.length} sets of those that were killed, none after two flushes`)
    }
  }
)
