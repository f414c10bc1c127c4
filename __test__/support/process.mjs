/** A process of `processes.test.mjs`: stores, flushes, and sends its progress to its parent. */
import { DynamoDbPersistence } from './dynamodb.mjs'
import { keys } from './documents.mjs'

const job = JSON.parse(process.argv[2])
const persistence = DynamoDbPersistence(job.config)

if (job.flush) await flushUntilStopped()
else await storeAll(keys(job.store, { clientID: job.clientID, prefix: `${job.clientID}-key` }))
await persistence.close()
process.disconnect()

async function storeAll(updates) {
  if (!job.await) {
    await Promise.all(updates.map(update => persistence.storeUpdate('doc', update)))
    return
  }
  for (const [i, update] of updates.entries()) {
    await persistence.storeUpdate('doc', update)
    process.send({ stored: i + 1 })
    if (job.flushEvery && i % job.flushEvery === 0) await persistence.flushDocument('doc')
  }
}

async function flushUntilStopped() {
  let stopped = false
  let flushes = 0
  process.once('message', () => {
    stopped = true
  })
  while (!stopped) {
    await persistence.flushDocument('doc')
    process.send({ flushes: ++flushes })
  }
}
