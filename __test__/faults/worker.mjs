/**
 * One process of `kill.test.mjs`: a writer, a compactor or a clearer, until it is killed. It writes down what it was told,
 * and syncs that to the disk before it goes on.
 *
 * node worker.mjs '{ "role", "name", "config", "docs", "ledger" }'
 */
import { randomInt } from 'node:crypto'
import fs from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { DynamoDbPersistence } from '../support/engine.mjs'
import { updateOf } from './work.mjs'

const WRITES_AT_ONCE = 5
const BETWEEN_CLEARS_MS = 600
/** A clear against writers that never pause does not come to an end: it is refused after some rounds. */
const BETWEEN_WRITES_MS = 150
const MAY_BE_REFUSED = ['ERR_THROTTLED', 'ERR_UNAVAILABLE']

const { role, name, config, docs, ledger } = JSON.parse(process.argv[2])
const file = fs.openSync(ledger, 'a')
const persistence = DynamoDbPersistence(config)

/** All processes of a machine share this clock. */
const now = () => Number(process.hrtime.bigint() / 1_000n)
const anyDoc = () => docs[randomInt(docs.length)]

function write(entry) {
  fs.writeSync(file, `${JSON.stringify(entry)}\n`)
  fs.fsyncSync(file)
}

async function writeOn(lane) {
  for (let n = 0; ; n++) {
    const doc = anyDoc()
    const id = `${doc} ${name} ${lane} ${n}`
    const issued = now()
    await unlessRefused(
      persistence
        .storeUpdate(doc, updateOf(id, randomInt(2 ** 32)))
        .then(() => write({ store: id, doc, issued, settled: now(), acknowledged: true }))
    )
    await sleep(randomInt(BETWEEN_WRITES_MS))
  }
}

async function compactOn() {
  for (;;) await unlessRefused(persistence.flushDocument(anyDoc()).then(() => write({ flushed: 1 })))
}

async function clearOn() {
  for (;;) {
    const doc = anyDoc()
    const began = now()
    write({ clear: doc, began })
    const resolved = await unlessRefused(persistence.clearDocument(doc))
    write({ clear: doc, began, ended: now(), resolved })
    await sleep(randomInt(BETWEEN_CLEARS_MS))
  }
}

async function unlessRefused(call) {
  try {
    await call
    return true
  } catch (error) {
    if (!MAY_BE_REFUSED.includes(error.code)) throw error
    write({ refused: error.code })
    return false
  }
}

const roles = {
  writer: () => Promise.all(Array.from({ length: WRITES_AT_ONCE }, (_, lane) => writeOn(lane))),
  compactor: compactOn,
  clearer: clearOn
}
await roles[role]()
