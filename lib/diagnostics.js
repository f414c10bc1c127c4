'use strict'

/**
 * What the package tells on `node:diagnostics_channel`, for any exporter to hang on. One channel per event; a message is
 * built only while somebody listens. Shapes: `DynamoDbPersistence.Diagnostics` in `index.d.ts`.
 */

const { channel } = require('node:diagnostics_channel')
const { fromFailure } = require('./errors.js')

/** Every call of the API that has ended: `{ operation, docName, durationMs, error }`. */
const call = channel('y-dynamodb:call')

/** Every batch that became durable: `{ docName, clock, updates, bytesBefore, bytesAfter, durationMs }`. */
const batch = channel('y-dynamodb:batch')

/** Every compaction: `{ docName, entries, bytesBefore, bytesAfter, durationMs }` or `{ docName, error }`. */
const compaction = channel('y-dynamodb:compaction')

/** The same promise; how it ends is told to the channel of calls, while somebody listens. */
function timed(running, operation, docName) {
  return call.hasSubscribers ? told(running, operation, docName) : running
}

async function told(running, operation, docName) {
  const begun = performance.now()
  const tell = error => call.publish({ operation, docName, durationMs: performance.now() - begun, error })
  try {
    const result = await running
    tell(undefined)
    return result
  } catch (error) {
    tell(error)
    throw error
  }
}

/** The addon's counts in the form of the API: requests by operation. */
function toStats({ costs, ...stats }) {
  return { ...stats, requests: Object.fromEntries(costs.map(({ operation, ...cost }) => [operation, cost])) }
}

/** Passes on what the addon tells behind the calls. @returns the error, where it tells of a failure */
function tell({ kind, failure, ...event }, tableName) {
  if (kind === 'replicas') return warnOfReplicas(tableName, event.replicas)
  const error = failure && fromFailure(failure, event.docName)
  const to = kind === 'batch' ? batch : compaction
  to.publish(error ? { ...event, error } : event)
  return error
}

/**
 * Reports, where there is no `config.onError`, what no caller can catch: failures of bound documents and of background
 * compactions. What is retried is reported once for each operation and code, what is given up and what was cleared always.
 */
function warner() {
  const known = new Set()
  return (error, { docName, operation, update }) => {
    const kind = `${operation} ${error.code}`
    const isRetried = update === undefined && error.code !== 'ERR_CLEARED'
    if (known.has(kind) && isRetried) return
    known.add(kind)
    let end = ''
    if (isRetried) end = ' It is retried where that can help.'
    if (update !== undefined) end = ` Given up: ${update.length} bytes are not stored.`
    process.emitWarning(
      `${operation} of document ${JSON.stringify(docName)}: ${error.message}.${end} config.onError receives every failure`,
      { type: 'YDynamoDbWarning', code: error.code }
    )
  }
}

/** Strong reads hold within one region only. */
function warnOfReplicas(tableName, replicas) {
  process.emitWarning(
    `table ${tableName} has replicas in ${replicas} other regions: write a document in one region only`,
    { type: 'YDynamoDbWarning', code: 'Y_DYNAMODB_REPLICAS' }
  )
}

module.exports = { batch, tell, timed, toStats, warner }
