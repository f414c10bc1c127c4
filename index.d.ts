/**
 * Stores Yjs documents in AWS DynamoDB and never loses an acknowledged update.
 *
 * Times are in milliseconds, sizes in bytes. Every method returns a promise and never throws. A failed call rejects with a
 * {@link DynamoDbPersistence.PersistenceError}; its `code` says what to do.
 */
import type * as Y from 'yjs' with { 'resolution-mode': 'import' }
import type * as config from './types/config.js'
import type * as errors from './types/errors.js'
import type * as stats from './types/stats.js'

/** With or without `new`. Returns at once and checks the table in the background; the first call waits for that check. */
interface DynamoDbPersistenceConstructor {
  /** @throws PersistenceError `ERR_INVALID_ARGUMENT` for a wrong or unknown option */
  new (config: DynamoDbPersistence.Config): DynamoDbPersistence
  /** @throws PersistenceError `ERR_INVALID_ARGUMENT` for a wrong or unknown option */
  (config: DynamoDbPersistence.Config): DynamoDbPersistence

  readonly prototype: DynamoDbPersistence
  readonly DynamoDbPersistence: DynamoDbPersistenceConstructor
  readonly PersistenceError: DynamoDbPersistence.PersistenceErrorConstructor
  readonly default: DynamoDbPersistenceConstructor

  /** 500: the number of updates from which the original package merged a document on reading. It has no effect here. */
  readonly PREFERRED_TRIM_SIZE: 500

  /**
   * Reads all updates of a document, oldest first. For use in {@link DynamoDbPersistence.transact}.
   *
   * @param db the handle that `transact` passes to its function
   * @param tableName the table of the persistence
   */
  getDynamoDbUpdates(
    db: DynamoDbPersistence.Handle,
    tableName: string,
    docName: string
  ): Promise<DynamoDbPersistence.StoredUpdate[]>
}

declare const DynamoDbPersistence: DynamoDbPersistenceConstructor
declare const handle: unique symbol
type Instance = DynamoDbPersistence

/**
 * The documents of one DynamoDB table.
 *
 * Calls on one document take effect in call order, awaited or not. Documents do not wait for each other. With the last
 * argument `outsideTransactionQueue: true` a call does not wait for earlier calls on its document. It loses nothing; a clear
 * still waits for stores in flight.
 *
 * `docName`: 1 to 989 UTF-8 bytes without lone surrogates. Longer names that the original package wrote can be read and
 * cleared (docs/FORMAT.md). Any other name rejects with `ERR_INVALID_ARGUMENT`, without a request.
 *
 * Every call can reject with `ERR_TABLE`, `ERR_ACCESS`, `ERR_THROTTLED`, `ERR_UNAVAILABLE`, `ERR_CLOSED` and `ERR_INTERNAL`.
 * The methods below list only further codes. The methods do not use `this`.
 */
interface DynamoDbPersistence {
  /**
   * Reads the document into a `Y.Doc` of your own `yjs`. If the document does not exist, the `Y.Doc` is empty. The updates are
   * merged outside the event loop and applied as one. Writes nothing.
   *
   * Rejects with `ERR_CORRUPT` if Yjs cannot read an item (see `onCorruptUpdate`), and with `ERR_INVALID_ARGUMENT` if `yjs` is
   * not installed.
   */
  getYDoc(docName: string, outsideTransactionQueue?: boolean): Promise<Y.Doc>
  /** @param options for `new Y.Doc(options)`, e.g. `{ gc: false }` */
  getYDoc(
    docName: string,
    options: DynamoDbPersistence.DocOptions | null | undefined,
    outsideTransactionQueue?: boolean
  ): Promise<Y.Doc>

  /**
   * Stores an update (V1). Resolves with its log clock when it is durable. The bytes are copied before this returns. Updates
   * of one document that wait together are written in one request. An empty update is not stored: the call resolves with the
   * largest log clock of the document, or with -1 if the document does not exist.
   *
   * Rejects with `ERR_INVALID_UPDATE` if the bytes are not an update, or if `Y.applyUpdate` throws on it. Nothing was stored
   * then. After `ERR_THROTTLED` and `ERR_UNAVAILABLE` store the same bytes again: a large update continues where it stopped.
   */
  storeUpdate(docName: string, update: Uint8Array, outsideTransactionQueue?: boolean): Promise<number>

  /** The state vector; `[0]` if the document does not exist. Writes nothing. Rejects with `ERR_CORRUPT`, like `getYDoc`. */
  getStateVector(docName: string, outsideTransactionQueue?: boolean): Promise<Uint8Array>

  /**
   * The updates that a peer with `stateVector` lacks, as one update; without `stateVector` the whole document.
   *
   * Rejects with `ERR_CORRUPT`, like `getYDoc`, and with `ERR_INVALID_ARGUMENT` if `stateVector` is not a state vector.
   */
  getDiff(
    docName: string,
    stateVector?: Uint8Array | null,
    outsideTransactionQueue?: boolean
  ): Promise<Uint8Array>

  /**
   * Deletes the updates, metas, state vector and quarantine of a document of any size. Updates stored before the call cannot
   * come back. If a request to store something of the document has just failed without an answer, the clear takes up to 15 s
   * longer, because that request may still arrive.
   *
   * A document that is bound in this process (`bindState`, `y-dynamodb/hocuspocus`) keeps its content in memory. From the call
   * on, nothing of it is stored, because its changes would depend on deleted content. `config.onError` gets `ERR_CLEARED` once:
   * close the connections of the document, so that it is loaded again. The same happens if the clear fails, because a part may
   * be deleted; `config.onError` then also gets the updates that were waiting to be stored. Clients keep their content and send
   * all of it when they reconnect. Nothing is reported to other processes, so clear only documents that nobody has open there.
   */
  clearDocument(docName: string, outsideTransactionQueue?: boolean): Promise<void>

  /**
   * Stores a value beside the document and replaces the former value. If a request to write the same key has just failed
   * without an answer, the call takes up to 15 s longer.
   *
   * Rejects with `ERR_TOO_LARGE` if the item has more than 409,600 bytes. Rejects with `ERR_INVALID_ARGUMENT` if the key and the
   * name together are too long, or if a read could not return the value unchanged; the message contains the path to it.
   */
  setMeta<T>(
    docName: string,
    metaKey: string,
    value: T & DynamoDbPersistence.Storable<T>,
    outsideTransactionQueue?: boolean
  ): Promise<void>

  /** The value; `undefined` if there is none. Rejects with `ERR_CORRUPT` if the value cannot be read. */
  getMeta(docName: string, metaKey: string, outsideTransactionQueue?: boolean): Promise<any>

  /** All values of the document by key. Rejects with `ERR_CORRUPT` if one of them cannot be read. */
  getMetas(docName: string, outsideTransactionQueue?: boolean): Promise<Map<string, any>>

  /** Deletes the value, if there is one. */
  delMeta(docName: string, metaKey: string, outsideTransactionQueue?: boolean): Promise<void>

  /**
   * Merges all stored updates of the document into one. Resolves with its log clock, or with -1 if the document does not exist.
   * The result contains the updates of earlier calls. Later calls on the document do not wait for the flush. A process that
   * keeps running does not need this call, because it compacts in the background.
   */
  flushDocument(docName: string, outsideTransactionQueue?: boolean): Promise<number>

  /** The names of all documents that have updates, in no order. Reads the whole table. */
  getAllDocNames(): Promise<string[]>

  /** The state vectors and log clocks of all documents. Reads the whole table. */
  getAllDocStateVectors(): Promise<DynamoDbPersistence.DocState[]>

  /** As `getAllDocNames`, page by page: for tables whose list is too large for an array. */
  docNames(): AsyncGenerator<string, void, void>

  /** As `getAllDocStateVectors`, page by page. */
  docStateVectors(): AsyncGenerator<DynamoDbPersistence.DocState, void, void>

  /** Clears every document of the table, like `clearDocument`. Later calls on any document wait for it. */
  clearAll(): Promise<void>

  /**
   * Runs `f` after all earlier calls on any document, and settles like `f`. Later calls do not wait for it. `f` can await every
   * other call. Inside `f`, `transact`, `close` and `destroy` of the same persistence reject with `ERR_INVALID_ARGUMENT`,
   * awaited or not, because they would wait for `f`.
   *
   * @param f gets a handle for `getDynamoDbUpdates`, and the configuration
   */
  transact<T>(
    f: (db: DynamoDbPersistence.Handle, config: DynamoDbPersistence.Config) => T | PromiseLike<T>
  ): Promise<T>

  /** The persistence itself. With `bindState` and `writeState` it is the argument of `setPersistence` of y-websocket servers. */
  readonly provider: this

  /**
   * Binds a document in memory to the table: loads the stored document into it, and stores every later change of it. For
   * y-websocket servers, see docs/Y-WEBSOCKET.md.
   *
   * Resolves when the document is loaded, or when it can never be loaded. Never rejects: failures are reported to
   * `config.onError` and retried. If another document of the same name was bound before, its updates that are not stored yet are
   * loaded too. Binding a document twice has no effect. Binding it after a clear (`ERR_CLEARED`) stores everything that it contains.
   *
   * Costs one read, and a store only if the document contains something that the table lacks. Content that Yjs can read but not
   * write is deleted from the document when it arrives, and reported to `config.onError`. Otherwise Yjs would emit no more
   * events.
   */
  bindState(docName: string, ydoc: DynamoDbPersistence.SharedDoc): Promise<void>

  /**
   * Resolves when the document is loaded, however long the table fails. Makes no request.
   *
   * Rejects with `ERR_INVALID_ARGUMENT` if the document was never passed to `bindState`, with `ERR_CLOSED` if it was destroyed or
   * the persistence was closed before it was loaded, with `ERR_CORRUPT` or `ERR_INVALID_ARGUMENT` if it can never be loaded, and
   * with `ERR_CLEARED` if it was cleared.
   */
  whenBound(ydoc: DynamoDbPersistence.SharedDoc): Promise<void>

  /**
   * Resolves when everything that the document contains at the call is durable, however long the table fails and whatever others
   * change meanwhile. Never rejects. Binds a document that is not bound. For a document that is bound to another name,
   * `config.onError` gets an error with `ERR_INVALID_ARGUMENT`. Makes no request of its own for a bound document.
   */
  writeState(docName: string, ydoc: DynamoDbPersistence.SharedDoc): Promise<void>

  /** What this persistence has done, what it has cost, and what waits now. Synchronous; makes no request. */
  stats(): DynamoDbPersistence.Stats

  /**
   * Waits for all earlier calls, and sends at once the updates that `batchDelayMs` holds back. Later calls reject with
   * `ERR_CLOSED`. If the table still refuses changes of bound documents, each document makes one more attempt. Then
   * `config.onError` gets the changes. So `close` ends within a few operation timeouts.
   *
   * Inside `transact` it rejects with `ERR_INVALID_ARGUMENT` and closes nothing.
   */
  close(): Promise<void>

  /** Does the same as `close`. */
  destroy(): Promise<void>
}

declare namespace DynamoDbPersistence {
  /** The same, for `import { DynamoDbPersistence }` from CommonJS. */
  type DynamoDbPersistence = Instance

  type Config = config.Config
  type AwsConfig = config.AwsConfig
  type IgnoredAwsKey = config.IgnoredAwsKey
  type Credentials = config.Credentials
  type Yjs = config.Yjs

  type ErrorCode = errors.ErrorCode
  type ErrorContext = errors.ErrorContext
  type PersistenceError = errors.PersistenceError
  type PersistenceErrorConstructor = errors.PersistenceErrorConstructor

  type Stats = stats.Stats
  type DynamoDbOperation = stats.DynamoDbOperation
  type Cost = stats.Cost
  type Diagnostics = stats.Diagnostics

  /** A `Y.Doc` of any version of Yjs: of the copy that this package finds (`require` or `import`), or of `config.Y`. */
  interface SharedDoc {
    on(name: any, listener: any): any
    off(name: any, listener: any): any
  }

  /** The options of `new Y.Doc`. */
  type DocOptions = NonNullable<ConstructorParameters<typeof Y.Doc>[0]>

  /**
   * What a meta can contain: `T` itself, or `never` if a read could not return a part of it unchanged. The types cannot express
   * all rules: values are nested 1,000 deep at most, bigints have 64 bits, strings have no lone surrogates, and class instances
   * are refused.
   */
  type Storable<T> = T extends string | number | bigint | boolean | null | undefined | Uint8Array
    ? T
    : T extends Unstorable
      ? never
      : { [K in keyof T]: Storable<T[K]> }

  type Unstorable =
    | symbol
    | Date
    | RegExp
    | Error
    | ArrayBufferLike
    | ArrayBufferView
    | Promise<any>
    | ReadonlyMap<any, any>
    | ReadonlySet<any>
    | ((...args: never) => unknown)
    | (abstract new (...args: never) => unknown)

  interface DocState {
    name: string
    /** The state vector. */
    sv: Uint8Array
    /** The largest log clock. */
    clock: number
  }

  interface StoredUpdate {
    /** The elements of the sort key. Keys that this package wrote have two more numbers. */
    ykeysort: ['v1', string, 'update', number, ...number[]]
    value: Uint8Array
  }

  /** The first argument of the function of `transact`, for `getDynamoDbUpdates` only. */
  interface Handle {
    readonly [handle]: never
  }
}

export = DynamoDbPersistence
