/** The errors of a persistence: `DynamoDbPersistence.PersistenceError` and the types in it. */

/** What the caller should do. */
export type ErrorCode =
  /** Correct the call: the name, key or option. */
  | 'ERR_INVALID_ARGUMENT'
  /** Drop the update: it is not a Yjs update. */
  | 'ERR_INVALID_UPDATE'
  /** Store less: the meta exceeds the item limit. */
  | 'ERR_TOO_LARGE'
  /** Create the table or use another one: it is missing or has other keys. */
  | 'ERR_TABLE'
  /** Correct the credentials or the policy. */
  | 'ERR_ACCESS'
  /** Retry later: DynamoDB throttled all attempts. */
  | 'ERR_THROTTLED'
  /** Retry later: DynamoDB could not be reached, failed, or did not answer in time. */
  | 'ERR_UNAVAILABLE'
  /** Look at the item that the message names: it cannot be read. Nothing was changed. */
  | 'ERR_CORRUPT'
  /** Do not make calls after `close()`. */
  | 'ERR_CLOSED'
  /** Close the connections of the document: it was cleared while it was bound. */
  | 'ERR_CLEARED'
  /** Report a bug of this package. */
  | 'ERR_INTERNAL'

export interface PersistenceError extends Error {
  readonly name: 'PersistenceError'
  readonly code: ErrorCode
  /** The document of the call, if the call had one. */
  readonly docName: string | undefined
  /** Whether the same call may succeed later without any change. */
  readonly retryable: boolean
  /** The request id, if AWS sent one. */
  readonly requestId: string | undefined
  readonly cause?: unknown
}

export interface PersistenceErrorConstructor {
  new (
    message: string,
    details: {
      code: ErrorCode
      docName?: string | undefined
      retryable?: boolean | undefined
      cause?: unknown
      requestId?: string | undefined
    }
  ): PersistenceError
  readonly prototype: PersistenceError
}

/** The second argument of `config.onError`. */
export interface ErrorContext {
  docName: string | undefined
  /**
   * The method, e.g. `'storeUpdate'`; `'compaction'` for a failed background compaction, which loses nothing. For a bound document:
   * `'bindState'` for loading, `'storeUpdate'` for storing, `'close'` for an update that `close()` gave up, `'clearDocument'`
   * or `'clearAll'` if it was cleared.
   */
  operation: string
  /**
   * Of a bound document: an update that is given up and not stored, to be saved elsewhere. If a struct was replaced by a
   * deleted item (`ERR_INVALID_UPDATE`), this is the original update, and the rest of it is stored. Absent while the update is
   * retried, and if content that Yjs cannot write was deleted from the document.
   */
  update?: Uint8Array
}
