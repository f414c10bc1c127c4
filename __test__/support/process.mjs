/** A process of `processes.test.mjs`: stores, flushes, and sends its progress to its parent. */
import { setTimeout as sleep } from 'node:timers/promises'
import { DynamoDbPersistence } from './dynamodb.mjs'
import { keys } from './documents.mjs'

const job = JSON.parse(process.argv[2])
const persistence = DynamoDbPersistence(job.config)
const { doc = 'doc' } = job

if (job.flush) await flushUntilStopped()
else await storeAll(keysOf(job))
await persistence.close()
process.disconnect()

/** If `valueBytes` is given, each update has that many bytes, and depends on no other. */
function keysOf({ store, clientID, valueBytes }) {
  const prefix = `${clientID}-key`
  if (valueBytes === undefined) return keys(store, { clientID, prefix })
  const value = () => 'x'.repeat(valueBytes)
  const ofOwnClient = i => keys(1, { clientID: clientID * 1_000 + i, prefix: `${prefix}${i}.`, value })
  return Array.from({ length: store }, (_, i) => ofOwnClient(i)).flat()
}

async function storeAll(updates) {
  if (!job.await) {
    await Promise.all(updates.map(update => persistence.storeUpdate(doc, update)))
    return
  }
  for (const [i, update] of updates.entries()) {
    await persistence.storeUpdate(doc, update)
    process.send({ stored: i + 1, at: Number(process.hrtime.bigint()) })
    if (job.pauseMs) await sleep(job.pauseMs)
    if (job.flushEvery && i % job.flushEvery === 0) await persistence.flushDocument(doc)
  }
}

async function flushUntilStopped() {
  let stopped = false
  let flushes = 0
  process.once('message', () => {
    stopped = true
  })
  while (!stopped) {
    await persistence.flushDocument(doc)
    process.send({ flushes: ++flushes })
  }
}
