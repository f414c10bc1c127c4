/**
 * A worker process of `kill.test.mjs`: a writer, a compactor or a clearer, until it is killed. It appends the outcome of each
 * call to its file and syncs the file before the next call.
 *
 * node worker.mjs '{ "role", "name", "config", "docs", "file" }'
 */
import { randomInt } from 'node:crypto'
import fs from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { DynamoDbPersistence } from '../support/dynamodb.mjs'
import { updateOf } from './workload.mjs'

const WRITES_AT_ONCE = 5
const BETWEEN_CLEARS_MS = 600
/**
 * A clear rejects after some rounds if writers never pause for as long as a request takes. So they pause for some times as long
 * as their last call took, which is much on a busy machine.
 */
const BETWEEN_WRITES_MS = 150
const PAUSE_FACTOR = 4
const MAY_REJECT = ['ERR_THROTTLED', 'ERR_UNAVAILABLE']

const { role, name, config, docs, file: path } = JSON.parse(process.argv[2])
const file = fs.openSync(path, 'a')
const persistence = DynamoDbPersistence(config)

/** All processes of the machine share this clock. */
const now = () => Number(process.hrtime.bigint() / 1_000n)
const anyDoc = () => docs[randomInt(docs.length)]

function record(entry) {
  fs.writeSync(file, `${JSON.stringify(entry)}\n`)
  fs.fsyncSync(file)
}

async function storeForever(lane) {
  for (let n = 0; ; n++) {
    const doc = anyDoc()
    const id = `${doc} ${name} ${lane} ${n}`
    const issued = now()
    const begun = Date.now()
    await unlessRejected(
      persistence
        .storeUpdate(doc, updateOf(id, randomInt(2 ** 32)))
        .then(clock => record({ store: id, doc, clock, issued, ended: now(), acknowledged: true }))
    )
    await sleep(randomInt(BETWEEN_WRITES_MS) + PAUSE_FACTOR * (Date.now() - begun))
  }
}

async function compactForever() {
  for (;;) await unlessRejected(persistence.flushDocument(anyDoc()).then(() => record({ flushed: 1 })))
}

async function clearForever() {
  for (;;) {
    const doc = anyDoc()
    const began = now()
    record({ clear: doc, began })
    const resolved = await unlessRejected(persistence.clearDocument(doc))
    record({ clear: doc, began, ended: now(), resolved })
    await sleep(randomInt(BETWEEN_CLEARS_MS))
  }
}

async function unlessRejected(call) {
  try {
    await call
    return true
  } catch (error) {
    if (!MAY_REJECT.includes(error.code)) throw error
    record({ rejected: error.code })
    return false
  }
}

const roles = {
  writer: () => Promise.all(Array.from({ length: WRITES_AT_ONCE }, (_, lane) => storeForever(lane))),
  compactor: compactForever,
  clearer: clearForever
}
await roles[role]()
