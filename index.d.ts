/**
 * Persists Yjs documents in AWS DynamoDB and never loses an acknowledged update.
 *
 * Times are in milliseconds, sizes in bytes. Every method returns a promise and never throws; what goes wrong is a
 * rejection with a {@link DynamoDbPersistence.PersistenceError}, whose `code` says what to do.
 */
import type * as Y from 'yjs'

/** With or without `new`. Returns at once; the table is checked behind it, and the first call waits for that. */
interface DynamoDbPersistenceConstructor {
  /** @throws PersistenceError `ERR_INVALID_ARGUMENT` for a wrong or unknown option */
  new (config: DynamoDbPersistence.Config): DynamoDbPersistence
  /** @throws PersistenceError `ERR_INVALID_ARGUMENT` for a wrong or unknown option */
  (config: DynamoDbPersistence.Config): DynamoDbPersistence

  readonly prototype: DynamoDbPersistence
  readonly DynamoDbPersistence: DynamoDbPersistenceConstructor
  readonly PersistenceError: DynamoDbPersistence.PersistenceErrorConstructor
  readonly default: DynamoDbPersistenceConstructor

  /** 500: from how many updates on the original package merged a document when it was read. Nothing here depends on it. */
  readonly PREFERRED_TRIM_SIZE: 500

  /**
   * All updates of a document, oldest first. For use in {@link DynamoDbPersistence.transact}.
   *
   * @param db the handle that `transact` gave
   * @param tableName the persistence's own table
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
 * Documents in one DynamoDB table.
 *
 * Calls on one document take effect in the order they were made, awaited or not; documents do not wait for each other. The
 * trailing `outsideTransactionQueue: true` skips waiting for earlier calls on that document, and still loses nothing (a clear waits for stores under way all the same).
 *
 * `docName`: 1 to 989 UTF-8 bytes, without lone surrogates. Names of up to 1,004 bytes that the original package wrote can
 * be read and cleared. Anything else: `ERR_INVALID_ARGUMENT`, without a request.
 *
 * Every call can reject with `ERR_TABLE`, `ERR_ACCESS`, `ERR_THROTTLED`, `ERR_UNAVAILABLE`, `ERR_CLOSED`, `ERR_INTERNAL`;
 * calls name only what they add. The methods need no `this`.
 */
interface DynamoDbPersistence {
  /**
   * The document, as a `Y.Doc` of your own `yjs`; an empty one where it is missing. Merged off the event loop, then
   * applied as one update. Writes nothing.
   *
   * Rejects with `ERR_CORRUPT` where an item is not an update that Yjs can read (see `onCorruptUpdate`), and with
   * `ERR_INVALID_ARGUMENT` where `yjs` is not installed.
   */
  getYDoc(docName: string, outsideTransactionQueue?: boolean): Promise<Y.Doc>
  /** @param options for `new Y.Doc(options)`, e.g. `{ gc: false }` */
  getYDoc(
    docName: string,
    options: DynamoDbPersistence.DocOptions | null | undefined,
    outsideTransactionQueue?: boolean
  ): Promise<Y.Doc>

  /**
   * Stores an update (V1). Resolves with its log clock once it is durable. The bytes are copied before this returns.
   * Updates of one document that wait side by side go out in one request. An update with nothing in it is not stored: it
   * resolves with the largest log clock of the document, -1 where it is missing.
   *
   * Rejects with `ERR_INVALID_UPDATE` if it is not an update, or `Y.applyUpdate` throws on it: nothing was stored. After
   * `ERR_THROTTLED` and `ERR_UNAVAILABLE` store the same bytes again: a large update continues where it stopped.
   */
  storeUpdate(docName: string, update: Uint8Array, outsideTransactionQueue?: boolean): Promise<number>

  /** The state vector; `[0]` where the document is missing. Writes nothing. Rejects with `ERR_CORRUPT` as `getYDoc`. */
  getStateVector(docName: string, outsideTransactionQueue?: boolean): Promise<Uint8Array>

  /**
   * What a peer with `stateVector` lacks, as one update; everything without it.
   *
   * Rejects with `ERR_CORRUPT` as `getYDoc`, with `ERR_INVALID_ARGUMENT` where `stateVector` is none.
   */
  getDiff(
    docName: string,
    stateVector?: Uint8Array | null,
    outsideTransactionQueue?: boolean
  ): Promise<Uint8Array>

  /**
   * Deletes updates, metas, state vector and quarantine, of any size. What was stored before it was called cannot come back.
   * Where a request to store something of the document has just got no answer, it takes up to 15 s longer, because that
   * request may still arrive.
   *
   * A document that is bound in this process (`bindState`, `y-dynamodb/hocuspocus`) keeps its content in memory. From the call
   * on nothing of it is stored any more, because that would depend on what was deleted. `onError` gets `ERR_CLEARED` once: close
   * the document's connections, so that it is loaded again. This holds too if the clear fails, because it may have deleted a
   * part; `onError` then gets the updates that were waiting to be stored. Clients keep their content and send all of it when
   * they connect again. Clear documents that nobody has open in another process either: nothing is reported there.
   */
  clearDocument(docName: string, outsideTransactionQueue?: boolean): Promise<void>

  /**
   * Stores a value beside the document, replacing what was there. Where a request to write the same key has just got no
   * answer, it takes up to 15 s longer.
   *
   * Rejects with `ERR_TOO_LARGE` over 409,600 bytes of item, with `ERR_INVALID_ARGUMENT` where key and name together are
   * too long, or, naming its path, for what would not come back as it went in.
   */
  setMeta<T>(
    docName: string,
    metaKey: string,
    value: T & DynamoDbPersistence.Storable<T>,
    outsideTransactionQueue?: boolean
  ): Promise<void>

  /** The value; `undefined` where there is none. Rejects with `ERR_CORRUPT` where it cannot be read. */
  getMeta(docName: string, metaKey: string, outsideTransactionQueue?: boolean): Promise<any>

  /** All values of the document by key. Rejects with `ERR_CORRUPT` where one cannot be read. */
  getMetas(docName: string, outsideTransactionQueue?: boolean): Promise<Map<string, any>>

  /** Deletes the value, if there is one. */
  delMeta(docName: string, metaKey: string, outsideTransactionQueue?: boolean): Promise<void>

  /**
   * Merges all stored updates of the document into one, now. Resolves with its log clock; -1 where it is missing.
   * It contains what earlier calls stored; later calls on the document do not wait for it. Not needed where a process
   * stays: merging happens by itself there.
   */
  flushDocument(docName: string, outsideTransactionQueue?: boolean): Promise<number>

  /** The names of all documents that have updates, in no order. Reads the whole table. */
  getAllDocNames(): Promise<string[]>

  /** The state vectors and log clocks of all documents. Reads the whole table. */
  getAllDocStateVectors(): Promise<DynamoDbPersistence.DocState[]>

  /** As `getAllDocNames`, a page at a time: for tables too large for an array. */
  docNames(): AsyncGenerator<string, void, void>

  /** As `getAllDocStateVectors`, a page at a time. */
  docStateVectors(): AsyncGenerator<DynamoDbPersistence.DocState, void, void>

  /** Clears every document of the table, as `clearDocument`. Later calls on any document wait for it. */
  clearAll(): Promise<void>

  /**
   * Runs `f` after everything called before it, on any document, and passes on its result or rejection. Later calls do not
   * wait for it. `f` may await every other call. `transact`, `close` and `destroy` of the same persistence would wait for `f`:
   * inside `f` they reject with `ERR_INVALID_ARGUMENT`, awaited or not.
   *
   * @param f gets a handle for `getDynamoDbUpdates`, and the configuration
   */
  transact<T>(
    f: (db: DynamoDbPersistence.Handle, config: DynamoDbPersistence.Config) => T | PromiseLike<T>
  ): Promise<T>

  /** The persistence itself: with `bindState` and `writeState` what `setPersistence` of y-websocket servers wants. */
  readonly provider: this

  /**
   * Binds a document in memory to the table: loads what is stored into it, and from this moment on stores what changes in it.
   * For y-websocket servers, see docs/Y-WEBSOCKET.md.
   *
   * Resolves when the document is loaded, or when it is certain that it cannot be. Never rejects: failures are told to
   * `config.onError` and tried again. Documents that were bound before share nothing with it but what is not stored yet:
   * that is loaded too. Binding a document twice changes nothing, but after a clear (`ERR_CLEARED`) it is bound anew, and all
   * that it holds is stored.
   *
   * Costs one read, and a store only where the document holds something that the table lacks. Content that Yjs can read and
   * not write is deleted from the document when it arrives, and `config.onError` gets the error: Yjs would end all its events.
   */
  bindState(docName: string, ydoc: DynamoDbPersistence.SharedDoc): Promise<void>

  /**
   * Resolves when the document is loaded, however long the table fails. Rejects with `ERR_INVALID_ARGUMENT` where it was
   * never given to `bindState`, with `ERR_CLOSED` where it was destroyed, or the persistence closed, before it was loaded,
   * with `ERR_CORRUPT` or `ERR_INVALID_ARGUMENT` where it cannot be loaded, and with `ERR_CLEARED` once it was cleared. Makes no
   * request.
   */
  whenBound(ydoc: DynamoDbPersistence.SharedDoc): Promise<void>

  /**
   * Resolves when all that the document holds at the call is durable, however long the table fails and whatever others type
   * since. Never rejects. A document that was not bound is bound by this; of one that is bound to another name
   * `config.onError` gets an error with `ERR_INVALID_ARGUMENT`. Makes no request of its own for a document that is bound.
   */
  writeState(docName: string, ydoc: DynamoDbPersistence.SharedDoc): Promise<void>

  /** What this persistence has done so far, what it has cost, and what waits. Synchronous; makes no request. */
  stats(): DynamoDbPersistence.Stats

  /**
   * Waits for everything called before, and sends at once what `batchDelayMs` holds back; later calls reject with `ERR_CLOSED`.
   * Rejects with `ERR_INVALID_ARGUMENT`, and closes nothing, inside `transact`. What changed in bound documents and the table
   * still refuses is tried once more, and given up: `config.onError` gets it. So it ends within a few operation timeouts.
   */
  close(): Promise<void>

  /** The same as `close`. */
  destroy(): Promise<void>
}

declare namespace DynamoDbPersistence {
  /** The same, for `import { DynamoDbPersistence }` from CommonJS. */
  type DynamoDbPersistence = Instance

  interface Config {
    /** The table's name or ARN. */
    tableName: string

    /**
     * Take the table as it is: no check, no creation (default false). Without it the table is looked at before the first
     * call: created if it is missing, waited for until it is ACTIVE, refused with `ERR_TABLE` if its keys are others.
     */
    skipCreateTable?: boolean | undefined

    /** Where DynamoDB is and who asks, in the shape of the AWS SDK, v2 or v3. Default: what the environment says. */
    aws?: AwsConfig | undefined

    /**
     * How long, in ms, a store waits for more updates of its document before it is sent (default 0). Updates that arrive
     * while a request is in flight are gathered in any case; a read of the document sends what has gathered at once.
     */
    batchDelayMs?: number | undefined

    /** Drop the content of deleted items when updates are merged, as `Y.Doc` does (default true). */
    gc?: boolean | undefined

    /** The `yjs` to make documents with. Default: that of this package's entry (`require` or `import`). */
    Y?: Yjs | undefined

    /** How a table is billed that is created here (default `'PAY_PER_REQUEST'`; `'PROVISIONED'`: 5 units each). */
    billingMode?: 'PAY_PER_REQUEST' | 'PROVISIONED' | undefined

    /**
     * What a read does about a stored item that is not an update: reject with `ERR_CORRUPT`, naming it (default `'fail'`),
     * or `'skip'` it and read the rest. The item is never deleted, but by `clearDocument` and `clearAll`.
     */
    onCorruptUpdate?: 'fail' | 'skip' | undefined

    /**
     * Merge a document in the background when it has so many items that no compaction wrote (default 120; 0: never).
     * Fewer: cheaper reads, dearer writes.
     */
    compactionItems?: number | undefined

    /**
     * Merge a document in the background when entries of similar size have so many bytes besides the largest of them
     * (default 131,072).
     */
    compactionBytes?: number | undefined

    /**
     * The most write capacity units a second that background merges of one document spend (default 250; a partition takes
     * 1,000, and stores go on beside it). Those of all documents of this persistence together spend at most four times as
     * much.
     */
    compactionWcuPerSecond?: number | undefined

    /**
     * Is told of rejections that nobody handles, in place of Node's `unhandledRejection`; of background merges that failed;
     * and of every failure to load or store a document given to `bindState`. Default: none, so that an unhandled rejection
     * ends the process, as Node does; a `YDynamoDbWarning` of the process reports failures of background merges and of bound
     * documents once for each operation and code, and everything that is given up.
     */
    onError?: ((error: PersistenceError, context: ErrorContext) => void) | undefined
  }

  /**
   * Further keys of the SDKs (`apiVersion`, `logger`, …) are accepted with a warning where they mean nothing here; keys
   * that nobody knows are refused.
   */
  interface AwsConfig extends Partial<Record<IgnoredAwsKey, unknown>> {
    /** Default: the environment's (`AWS_REGION`), the profile's, the instance's. */
    region?: string | undefined

    /**
     * `http://…` or `https://…`; or an embedded DynamoDB for development: `memory:` (private to this instance),
     * `memory:NAME` (shared by that name in the process), `file:PATH` (kept in a file; several processes may open it).
     * The file holds everything once the last persistence on it is closed; until then copy it together with `PATH-wal`.
     * Default: AWS, in the region.
     */
    endpoint?: string | URL | { readonly href: string } | undefined

    accessKeyId?: string | undefined
    secretAccessKey?: string | undefined
    sessionToken?: string | undefined

    /**
     * Keys, or a function that is called for them at first use and again before they expire. It has 10 s. If it fails, it is
     * called again within the operation timeout. Default: the SDK's chain.
     */
    credentials?: Credentials | (() => Credentials | PromiseLike<Credentials>) | undefined

    /** A profile of the shared config files. */
    profile?: string | undefined

    /** How often a request is tried, the first attempt included (default 20: under throttling the operation timeout ends first). */
    maxAttempts?: number | undefined
    /** SDK v2: how often a request is tried again. */
    maxRetries?: number | undefined

    /**
     * How many requests are in flight at once, each on a connection of its own (default 64, at most 10,000). Further requests
     * wait, and documents take turns. More connections than the process may open files help nobody; fewer bound the rate of
     * requests to their number divided by the latency.
     */
    maxConnections?: number | undefined

    /** For establishing a connection, in ms (default 3,100). */
    connectTimeoutMs?: number | undefined
    /** For one attempt of a request, in ms (default 5,000). Loading credentials and waiting for a connection do not count. */
    requestTimeoutMs?: number | undefined
    /**
     * For one request with all its attempts, and for a new table to become ACTIVE, in ms (default 30,000). Waiting for a free
     * connection does not count as long as DynamoDB answers other requests.
     */
    operationTimeoutMs?: number | undefined

    /** SDK v2: the same two limits, in ms; 0 is the default. `agent.maxSockets` is `maxConnections`. */
    httpOptions?:
      | { timeout?: number | undefined; connectTimeout?: number | undefined; [ignored: string]: unknown }
      | undefined
    /** SDK v3: the same two limits, in ms; 0 is the default. `httpsAgent.maxSockets` is `maxConnections`. An instance of a handler is ignored with a warning. */
    requestHandler?:
      | {
          requestTimeout?: number | undefined
          socketTimeout?: number | undefined
          connectionTimeout?: number | undefined
          [ignored: string]: unknown
        }
      | object
      | undefined

    /** Refused where set: they change the address. Give it as `endpoint`. */
    useFipsEndpoint?: false | undefined
    useDualstackEndpoint?: false | undefined
  }

  /** Keys of the SDKs that mean nothing here. */
  type IgnoredAwsKey =
    | 'accountIdEndpointMode'
    | 'apiVersion'
    | 'apiVersions'
    | 'authSchemePreference'
    | 'base64Decoder'
    | 'base64Encoder'
    | 'bodyLengthChecker'
    | 'cacheMiddleware'
    | 'computeChecksums'
    | 'convertResponseTypes'
    | 'correctClockSkew'
    | 'credentialDefaultProvider'
    | 'credentialProvider'
    | 'customUserAgent'
    | 'defaultsMode'
    | 'defaultUserAgentProvider'
    | 'disableHostPrefix'
    | 'dynamoDbCrc32'
    | 'endpointCacheSize'
    | 'endpointDiscoveryEnabled'
    | 'endpointPrefix'
    | 'endpointProvider'
    | 'extensions'
    | 'hostPrefixEnabled'
    | 'httpAuthSchemeProvider'
    | 'httpAuthSchemes'
    | 'logger'
    | 'maxRedirects'
    | 'params'
    | 'paramValidation'
    | 'protocol'
    | 'regionInfoProvider'
    | 'requestChecksumCalculation'
    | 'responseChecksumValidation'
    | 'retryDelayOptions'
    | 'retryMode'
    | 'retryStrategy'
    | 'runtime'
    | 's3BucketEndpoint'
    | 's3DisableBodySigning'
    | 's3ForcePathStyle'
    | 's3UseArnRegion'
    | 's3UsEast1RegionalEndpoint'
    | 'service'
    | 'serviceConfiguredEndpoint'
    | 'serviceId'
    | 'sha256'
    | 'signatureCache'
    | 'signatureVersion'
    | 'signer'
    | 'signingEscapePath'
    | 'sslEnabled'
    | 'streamCollector'
    | 'stsRegionalEndpoints'
    | 'systemClockOffset'
    | 'tls'
    | 'urlParser'
    | 'useAccelerateEndpoint'
    | 'userAgentAppId'
    | 'utf8Decoder'
    | 'utf8Encoder'

  interface Credentials {
    accessKeyId: string
    secretAccessKey: string
    sessionToken?: string | null | undefined
    /** When temporary keys end. */
    expiration?: Date | string | number | null | undefined
  }

  /** What `config.Y` must have. */
  interface Yjs {
    Doc: new (options?: any) => any
    applyUpdate: (doc: any, update: Uint8Array, origin?: any) => void
    /** For documents given to `bindState`. */
    encodeStateAsUpdate?: (doc: any) => Uint8Array
  }

  /** A `Y.Doc` of any version of yjs: of the one found here (`require` or `import`), or of `config.Y`. */
  interface SharedDoc {
    on(name: any, listener: any): any
    off(name: any, listener: any): any
  }

  /** Options of `new Y.Doc`. */
  type DocOptions = NonNullable<ConstructorParameters<typeof Y.Doc>[0]>

  /**
   * What a meta can hold: `T` itself, or `never` where something in it would not come back as it went in. The types do not
   * tell all: up to 1,000 deep, bigints of 64 bits, strings without lone surrogates, no class instances.
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
    /** The elements of the sort key; two numbers more where this package wrote it. */
    ykeysort: ['v1', string, 'update', number, ...number[]]
    value: Uint8Array
  }

  interface ErrorContext {
    docName: string | undefined
    /**
     * The method, e.g. `'storeUpdate'`; `'compaction'` for a background merge that failed: nothing is lost by that. Of a
     * bound document: `'bindState'` for loading, `'storeUpdate'` for storing, `'close'` for what `close()` gave up,
     * `'clearDocument'` or `'clearAll'` if it was cleared.
     */
    operation: string
    /**
     * Of a bound document: what is given up and not stored, as one update, to be saved elsewhere. Of a struct that was
     * replaced by a deleted item (`ERR_INVALID_UPDATE`) the original update, the rest of which is stored. Absent as long as it
     * is tried again, and where content that Yjs cannot write was deleted from the document.
     */
    update?: Uint8Array
  }

  /** Counts since the persistence was made. */
  interface Stats {
    requests: Record<DynamoDbOperation, Cost>
    /** Updates that became durable, and the items they were merged into. */
    batches: {
      stored: number
      failed: number
      updates: number
      /** The most updates in one batch. */
      largest: number
      /** Bytes of updates as they were given. */
      bytesBefore: number
      /** Bytes stored for them. */
      bytesAfter: number
    }
    /** Background merges and flushes. */
    compactions: {
      done: number
      /** Others were faster, or there was nothing to merge. */
      idle: number
      failed: number
      /** Stored updates that were merged. */
      entries: number
      bytesBefore: number
      bytesAfter: number
    }
    /** Documents given to `bindState`. */
    bound: {
      /** Documents that are not loaded yet. */
      loading: number
      /** Documents with something that is not stored yet, those that have left memory included. */
      waitingDocuments: number
      /** Updates that are not stored yet. Those that the table refused count as few: they are merged. */
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
      /** Documents remembered, idle ones included. */
      documents: number
      openCalls: number
      waitingUpdates: number
      waitingBytes: number
    }
  }

  type DynamoDbOperation =
    | 'DescribeTable'
    | 'CreateTable'
    | 'PutItem'
    | 'GetItem'
    | 'UpdateItem'
    | 'DeleteItem'
    | 'BatchWriteItem'
    | 'Query'
    | 'Scan'

  interface Cost {
    /** Each counted once, however often it was tried. */
    requests: number
    retries: number
    /** Requests that failed for good. */
    failures: number
    /** Consumed capacity units, as DynamoDB named them. */
    readUnits: number
    writeUnits: number
  }

  /** What is published on `node:diagnostics_channel`, by channel name. */
  interface Diagnostics {
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
    /** Stored updates were merged; or, with `error`, that failed in the background and nothing was lost. */
    'y-dynamodb:compaction': {
      docName: string
      entries?: number
      bytesBefore?: number
      bytesAfter?: number
      durationMs?: number
      error?: PersistenceError
    }
  }

  /** What `transact` gives: only for `getDynamoDbUpdates`. */
  interface Handle {
    readonly [handle]: never
  }

  /** What the caller should do. */
  type ErrorCode =
    /** Fix the call: name, key, option. */
    | 'ERR_INVALID_ARGUMENT'
    /** Drop the update: it is not one. */
    | 'ERR_INVALID_UPDATE'
    /** Store less: a meta over the item limit. */
    | 'ERR_TOO_LARGE'
    /** Create or fix the table: it is missing or has other keys. */
    | 'ERR_TABLE'
    /** Fix credentials or policy. */
    | 'ERR_ACCESS'
    /** Try again later: DynamoDB throttled until all attempts were over. */
    | 'ERR_THROTTLED'
    /** Try again later: DynamoDB could not be reached, failed, or did not answer in time. */
    | 'ERR_UNAVAILABLE'
    /** Look at the named item: it cannot be read. Nothing was changed. */
    | 'ERR_CORRUPT'
    /** Do not call after `close()`. */
    | 'ERR_CLOSED'
    /** Close the connections of the document: it was cleared while it was bound. */
    | 'ERR_CLEARED'
    /** Report a bug of this package. */
    | 'ERR_INTERNAL'

  interface PersistenceError extends Error {
    readonly name: 'PersistenceError'
    readonly code: ErrorCode
    /** The document of the call, where it had one. */
    readonly docName: string | undefined
    /** Whether the same call may succeed later without any change. */
    readonly retryable: boolean
    /** The request id, where AWS gave one. */
    readonly requestId: string | undefined
    readonly cause?: unknown
  }

  interface PersistenceErrorConstructor {
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
}

export = DynamoDbPersistence
