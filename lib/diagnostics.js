'use strict'

/**
 * What the package publishes on `node:diagnostics_channel`, one channel for each kind of event. A message is built only if
 * the channel has subscribers. Shapes: `DynamoDbPersistence.Diagnostics` in `types/stats.d.ts`. Also the warnings of the process.
 */

const { channel } = require('node:diagnostics_channel')
const { fromFailure } = require('./errors.js')

/** Every call of the API, when it has ended: `{ operation, docName, durationMs, error }`. */
const call = channel('y-dynamodb:call')

/** Every batch, when it is durable: `{ docName, clock, updates, bytesBefore, bytesAfter, durationMs }`. */
const batch = channel('y-dynamodb:batch')

/** Every compaction: `{ docName, entries, bytesBefore, bytesAfter, durationMs }` or `{ docName, error }`. */
const compaction = channel('y-dynamodb:compaction')

/** The same promise; publishes its outcome on `y-dynamodb:call` if that has subscribers. */
function timed(running, operation, docName) {
  return call.hasSubscribers ? publishOutcome(running, operation, docName) : running
}

async function publishOutcome(running, operation, docName) {
  const start = performance.now()
  const publish = error => call.publish({ operation, docName, durationMs: performance.now() - start, error })
  try {
    const result = await running
    publish(undefined)
    return result
  } catch (error) {
    publish(error)
    throw error
  }
}

/** The addon's counts as the API returns them: requests by operation. */
function toStats({ costs, ...stats }) {
  return { ...stats, requests: Object.fromEntries(costs.map(({ operation, ...cost }) => [operation, cost])) }
}

/** Publishes an event of the addon. @returns the error if the event is a failure */
function publish({ kind, failure, ...event }, tableName) {
  if (kind === 'replicas') return warnAboutReplicas(tableName, event.replicas)
  const error = failure && fromFailure(failure, event.docName)
  const channel = kind === 'batch' ? batch : compaction
  channel.publish(error ? { ...event, error } : event)
  return error
}

/**
 * Reports errors as warnings of the process, in place of a missing `config.onError`: failures of bound documents and of
 * background compactions. A failure that is retried is reported once for each operation and code; updates that are given up
 * and documents that are cleared are all reported.
 */
function warningReporter() {
  const reported = new Set()
  return (error, { docName, operation, update }) => {
    const kind = `${operation} ${error.code}`
    const isRetried = update === undefined && error.code !== 'ERR_CLEARED'
    if (reported.has(kind) && isRetried) return
    reported.add(kind)
    let end = ''
    if (isRetried) end = ' It is retried if that can help.'
    if (update !== undefined) end = ` Given up: ${update.length} bytes are not stored.`
    process.emitWarning(
      `${operation} of document ${JSON.stringify(docName)}: ${error.message}.${end} config.onError receives every failure`,
      { type: 'YDynamoDbWarning', code: error.code }
    )
  }
}

/** Reads are strongly consistent within one region only. */
function warnAboutReplicas(tableName, replicas) {
  process.emitWarning(
    `table ${tableName} has replicas in ${replicas} other regions: write a document in one region only`,
    { type: 'YDynamoDbWarning', code: 'Y_DYNAMODB_REPLICAS' }
  )
}

module.exports = { batch, publish, timed, toStats, warningReporter }
