/** The options of a persistence: `DynamoDbPersistence.Config` and the types in it. */
import type { ErrorContext, PersistenceError } from './errors.js'

export interface Config {
  /** The name or ARN of the table. */
  tableName: string

  /**
   * Use the table without checking or creating it (default false). Otherwise the package checks the table before the first
   * call: it creates a missing table, waits until the table is ACTIVE, and rejects with `ERR_TABLE` if the table has other
   * keys.
   */
  skipCreateTable?: boolean | undefined

  /** Endpoint, region, credentials and limits, in the shape of the AWS SDK v2 or v3. Default: those of the environment. */
  aws?: AwsConfig | undefined

  /**
   * How long a store waits for more updates of its document, in ms (default 0). Updates that arrive while a request is in
   * flight are batched in any case. A read of the document sends the waiting updates at once.
   */
  batchDelayMs?: number | undefined

  /**
   * The memory that this persistence uses at most to remember documents between their calls, in bytes (default 67,108,864).
   * It remembers where the log ends and how much is due to be merged: 0.3 to 1 KB for each document. A document that is
   * forgotten loses nothing: the next store to it costs one Query more, and its items are counted anew. 0: remember nothing.
   */
  rememberBytes?: number | undefined

  /** Drop the content of deleted items when updates are merged, as `Y.Doc` does (default true). */
  gc?: boolean | undefined

  /** The `yjs` to create documents with. Default: the `yjs` that this package's entry loads (`require` or `import`). */
  Y?: Yjs | undefined

  /** The billing of a table that the package creates (default `'PAY_PER_REQUEST'`; `'PROVISIONED'`: 5 units each). */
  billingMode?: 'PAY_PER_REQUEST' | 'PROVISIONED' | undefined

  /**
   * What a read does if a stored item is not an update: `'fail'` (default) rejects with `ERR_CORRUPT` and names the item,
   * `'skip'` reads the rest of the document. Only `clearDocument` and `clearAll` delete the item.
   */
  onCorruptUpdate?: 'fail' | 'skip' | undefined

  /**
   * Compact a document in the background when it has this many items that no compaction has written (default 24; 0: never).
   * A smaller number makes reads cheaper and writes more expensive.
   */
  compactionItems?: number | undefined

  /**
   * Compact a document in the background when entries of similar size have this many bytes, without the largest of them
   * (default 65,536).
   */
  compactionBytes?: number | undefined

  /**
   * The write capacity units per second that background compactions of one document use at most (default 250). A partition takes
   * 1,000, and stores continue beside the merge. All documents of this persistence together use at most four times as much.
   */
  compactionWcuPerSecond?: number | undefined

  /**
   * Gets rejections that nobody handles, in place of Node's `unhandledRejection`; failed background compactions; and every failure
   * to load or store a document of `bindState`. It reports an update that `storeUpdate` could not store, and does not store it
   * again.
   *
   * Default: none. An unhandled rejection then ends the process, as always in Node. A `YDynamoDbWarning` of the process
   * reports failures of background compactions and of bound documents once for each operation and code, and every update that is
   * given up.
   */
  onError?: ((error: PersistenceError, context: ErrorContext) => void) | undefined
}

/**
 * Further keys of the SDKs (`apiVersion`, `logger`, …) have no effect; the package accepts them with a warning. It refuses
 * unknown keys.
 */
export interface AwsConfig extends Partial<Record<IgnoredAwsKey, unknown>> {
  /** Default: the region of the environment (`AWS_REGION`), of the profile, or of the instance. */
  region?: string | undefined

  /**
   * `http://…` or `https://…`, also as a `URL`; or an embedded DynamoDB for development: `memory:` (private to this instance),
   * `memory:NAME` (shared by that name in the process), `file:PATH` (kept in a file; several processes can open it).
   * The file contains everything when the last persistence on it is closed; until then copy it together with `PATH-wal`.
   * Default: AWS, in the region.
   */
  endpoint?: string | { readonly href: string } | undefined

  accessKeyId?: string | undefined
  secretAccessKey?: string | undefined
  sessionToken?: string | undefined

  /**
   * Credentials, or a function that returns them. The package calls the function at the first request and again before the
   * credentials expire. The function has 10 s. If it fails, the package calls it again within the operation timeout. Default:
   * the SDK's chain.
   */
  credentials?: Credentials | (() => Credentials | PromiseLike<Credentials>) | undefined

  /** A profile of the shared config files. */
  profile?: string | undefined

  /**
   * How many times a request is attempted at most, including the first attempt (default 20). Under throttling the operation
   * timeout ends the attempts earlier.
   */
  maxAttempts?: number | undefined
  /** SDK v2: how many times a request is retried at most. */
  maxRetries?: number | undefined

  /**
   * How many requests are in flight at once, each on its own connection (default 64, at most 10,000). Further requests wait,
   * and documents take turns. The rate of requests is at most this number divided by the latency. Set it below the number of
   * files that the process may open.
   */
  maxConnections?: number | undefined

  /** Time to establish a connection, in ms (default 3,100). */
  connectTimeoutMs?: number | undefined
  /** Time for one attempt of a request, in ms (default 5,000), without loading credentials and waiting for a connection. */
  requestTimeoutMs?: number | undefined
  /**
   * Time for one request with all its attempts, and for a new table to become ACTIVE, in ms (default 30,000). Waiting for a
   * free connection does not count while DynamoDB answers other requests.
   */
  operationTimeoutMs?: number | undefined

  /** SDK v2: the same two timeouts, in ms; 0 stands for the default. `agent.maxSockets` is `maxConnections`. */
  httpOptions?:
    | { timeout?: number | undefined; connectTimeout?: number | undefined; [ignored: string]: unknown }
    | undefined
  /**
   * SDK v3: the same two timeouts, in ms; 0 stands for the default. `httpsAgent.maxSockets` is `maxConnections`. An instance of
   * a handler is ignored with a warning.
   */
  requestHandler?:
    | {
        requestTimeout?: number | undefined
        socketTimeout?: number | undefined
        connectionTimeout?: number | undefined
        [ignored: string]: unknown
      }
    | object
    | undefined

  /** `true` is refused, because it changes the address. Set `endpoint` instead. */
  useFipsEndpoint?: false | undefined
  /** `true` is refused, because it changes the address. Set `endpoint` instead. */
  useDualstackEndpoint?: false | undefined
}

/** Keys of the SDKs that have no effect here. */
export type IgnoredAwsKey =
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

export interface Credentials {
  accessKeyId: string
  secretAccessKey: string
  sessionToken?: string | null | undefined
  /** The time when temporary credentials expire. */
  expiration?: Date | string | number | null | undefined
}

/** What `config.Y` must contain. */
export interface Yjs {
  Doc: new (options?: any) => any
  applyUpdate: (doc: any, update: Uint8Array, origin?: any) => void
  /** For the documents of `bindState`. */
  encodeStateAsUpdate?: (doc: any) => Uint8Array
}
