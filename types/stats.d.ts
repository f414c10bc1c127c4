/** The counters and events of a persistence: `DynamoDbPersistence.Stats` and `DynamoDbPersistence.Diagnostics`. */
import type { PersistenceError } from './errors.js'

/** Counts since the persistence was created. */
export interface Stats {
  requests: Record<DynamoDbOperation, Cost>
  /** Updates that became durable, and the items they were merged into. */
  batches: {
    stored: number
    failed: number
    updates: number
    /** The number of updates in the largest batch. */
    largest: number
    /** Bytes of the updates that callers passed. */
    bytesBefore: number
    /** Bytes stored for them. */
    bytesAfter: number
  }
  /** Compactions in the background, and flushes. */
  compactions: {
    done: number
    /** Another process was faster, or there was nothing to merge. */
    idle: number
    failed: number
    /** Stored updates that were merged. */
    entries: number
    bytesBefore: number
    bytesAfter: number
  }
  /** Documents of `bindState`. */
  bound: {
    /** Documents that are not loaded yet. */
    loading: number
    /** Documents with updates that are not stored yet, including documents that have left memory. */
    waitingDocuments: number
    /** Updates that are not stored yet. Updates that the table refused are merged and count as few. */
    waitingUpdates: number
    waitingBytes: number
  }
  /** Requests to DynamoDB at this moment. */
  connections: {
    /** Requests in flight, at most `aws.maxConnections`. */
    inFlight: number
    /** Requests that wait for a free connection. */
    waiting: number
  }
  /** What waits at this moment. */
  queue: {
    /** Documents that calls use, and those that are remembered between their calls (`rememberBytes`). */
    documents: number
    openCalls: number
    waitingUpdates: number
    waitingBytes: number
  }
}

export type DynamoDbOperation =
  | 'DescribeTable'
  | 'CreateTable'
  | 'PutItem'
  | 'GetItem'
  | 'UpdateItem'
  | 'DeleteItem'
  | 'BatchWriteItem'
  | 'Query'
  | 'Scan'

export interface Cost {
  /** Each request counts once, with all its attempts. */
  requests: number
  retries: number
  /** Requests that failed after all attempts. */
  failures: number
  /** Consumed capacity units, as DynamoDB reported them. */
  readUnits: number
  writeUnits: number
}

/** The messages on `node:diagnostics_channel`, by channel name. */
export interface Diagnostics {
  /** A call has ended. */
  'y-dynamodb:call': { operation: string; docName: string | undefined; durationMs: number; error: unknown }
  /** A batch of updates became durable. */
  'y-dynamodb:batch': {
    docName: string
    clock: number
    updates: number
    bytesBefore: number
    bytesAfter: number
    durationMs: number
  }
  /** Stored updates were merged. With `error`: a background compaction failed, and nothing was lost. */
  'y-dynamodb:compaction': {
    docName: string
    entries?: number
    bytesBefore?: number
    bytesAfter?: number
    durationMs?: number
    error?: PersistenceError
  }
}
