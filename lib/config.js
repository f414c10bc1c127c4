'use strict'

/**
 * Checks the configuration and turns it into what the native addon takes. Knows the shapes of the AWS SDK v2 and v3.
 *
 * Every key is one of three: it means something here; it is a key of an SDK without a meaning here (one warning); or it
 * is refused by name. A key whose value is `undefined` counts as not given.
 */

const { invalidArgument } = require('./arguments.js')

/** Keys of the SDKs that mean nothing here. */
const IGNORED_AWS_KEYS = new Set([
  // SDK v2
  'apiVersion',
  'apiVersions',
  'computeChecksums',
  'convertResponseTypes',
  'correctClockSkew',
  'credentialProvider',
  'customUserAgent',
  'dynamoDbCrc32',
  'endpointCacheSize',
  'endpointDiscoveryEnabled',
  'endpointPrefix',
  'hostPrefixEnabled',
  'logger',
  'maxRedirects',
  'paramValidation',
  'params',
  'retryDelayOptions',
  's3BucketEndpoint',
  's3DisableBodySigning',
  's3ForcePathStyle',
  's3UsEast1RegionalEndpoint',
  's3UseArnRegion',
  'service',
  'signatureCache',
  'signatureVersion',
  'sslEnabled',
  'stsRegionalEndpoints',
  'systemClockOffset',
  'useAccelerateEndpoint',
  // SDK v3
  'accountIdEndpointMode',
  'authSchemePreference',
  'base64Decoder',
  'base64Encoder',
  'bodyLengthChecker',
  'cacheMiddleware',
  'credentialDefaultProvider',
  'defaultUserAgentProvider',
  'defaultsMode',
  'disableHostPrefix',
  'endpointProvider',
  'extensions',
  'httpAuthSchemeProvider',
  'httpAuthSchemes',
  'protocol',
  'regionInfoProvider',
  'requestChecksumCalculation',
  'responseChecksumValidation',
  'retryMode',
  'retryStrategy',
  'runtime',
  'serviceConfiguredEndpoint',
  'serviceId',
  'sha256',
  'signer',
  'signingEscapePath',
  'streamCollector',
  'tls',
  'urlParser',
  'userAgentAppId',
  'utf8Decoder',
  'utf8Encoder'
])
const IGNORED_HTTP_OPTIONS = new Set(['agent', 'proxy', 'xhrAsync', 'xhrWithCredentials'])
const IGNORED_REQUEST_HANDLER_KEYS = new Set([
  'httpAgent',
  'httpsAgent',
  'logger',
  'socketAcquisitionWarningTimeout',
  'throwOnRequestTimeout',
  'metadata',
  'cacheMiddleware'
])
/** Keys that would change where requests go: never ignored. */
const ENDPOINT_VARIANTS = ['useFipsEndpoint', 'useDualstackEndpoint']

const BILLING_MODES = ['PAY_PER_REQUEST', 'PROVISIONED']
const ON_CORRUPT_UPDATE = ['fail', 'skip']

const TOP_LEVEL = {
  tableName: filledString,
  skipCreateTable: boolean,
  batchDelayMs: milliseconds,
  gc: boolean,
  billingMode: oneOf(BILLING_MODES),
  onCorruptUpdate: oneOf(ON_CORRUPT_UPDATE),
  compactionItems: wholeNumber(0, 2 ** 31 - 1),
  compactionBytes: wholeNumber(1, 2 ** 31 - 1),
  compactionWcuPerSecond: wholeNumber(1, 2 ** 31 - 1),
  onError: callable,
  Y: yjs,
  aws: objectOf
}

const AWS = {
  region: filledString,
  endpoint,
  accessKeyId: headerString,
  secretAccessKey: filledString,
  sessionToken: headerString,
  credentials,
  profile: filledString,
  maxRetries: wholeNumber(0, 100),
  maxAttempts: wholeNumber(1, 101),
  maxConnections: wholeNumber(1, 10_000),
  connectTimeoutMs: positiveMilliseconds,
  requestTimeoutMs: positiveMilliseconds,
  operationTimeoutMs: positiveMilliseconds,
  httpOptions: objectOf,
  requestHandler: objectOf
}

/**
 * The configuration in the form of the native addon (`options`, and the function `credentials` where there is one), beside
 * what only JavaScript uses.
 *
 * @throws {PersistenceError} `ERR_INVALID_ARGUMENT`
 */
function normalise(config) {
  objectOf(config, 'config')
  const ignored = []
  const top = pick(config, 'config', TOP_LEVEL, new Set(), ignored)
  if (top.tableName === undefined)
    throw invalidArgument('config.tableName is missing: the name of the DynamoDB table')
  const { aws = {}, Y, onError, ...log } = top
  const { credentials, ...table } = awsOf(aws, ignored)
  warnOfIgnored(ignored)
  return { options: { ...log, ...table }, credentials, Y, onError }
}

function awsOf(aws, ignored) {
  for (const key of ENDPOINT_VARIANTS) {
    if (aws[key])
      throw invalidArgument(`config.aws.${key} is not supported: give the address as config.aws.endpoint`)
  }
  const given = pick(omit(aws, ENDPOINT_VARIANTS), 'config.aws', AWS, IGNORED_AWS_KEYS, ignored)
  const { httpOptions, requestHandler, maxRetries, credentials, ...options } = given
  if (maxRetries !== undefined && options.maxAttempts === undefined) options.maxAttempts = maxRetries + 1
  transport(options, httpOptionsOf(httpOptions, ignored))
  transport(options, requestHandlerOf(requestHandler, ignored))
  return withCredentials(options, credentials)
}

/** What is said in our own words wins over what an SDK's shape says. */
function transport(options, given) {
  for (const [key, value] of Object.entries(given)) {
    // An optional field of the addon is absent, not undefined.
    if (value !== undefined) options[key] ??= value
  }
}

/** `maxSockets` of the SDKs' agents, taken out of `options`; an agent without that limit means nothing here. */
function withoutAgents(options, path, keys) {
  const agents = keys.filter(key => Number.isInteger(options[key]?.maxSockets))
  const [maxConnections] = agents.map(key =>
    AWS.maxConnections(options[key].maxSockets, `${path}.${key}.maxSockets`)
  )
  return { maxConnections, options: omit(options, agents) }
}

function httpOptionsOf(options, ignored) {
  if (options === undefined) return {}
  const known = { timeout: milliseconds, connectTimeout: milliseconds }
  const { maxConnections, options: rest } = withoutAgents(options, 'config.aws.httpOptions', ['agent'])
  const { timeout, connectTimeout } = pick(
    rest,
    'config.aws.httpOptions',
    known,
    IGNORED_HTTP_OPTIONS,
    ignored
  )
  return {
    requestTimeoutMs: unlessZero(timeout),
    connectTimeoutMs: unlessZero(connectTimeout),
    maxConnections
  }
}

function requestHandlerOf(handler, ignored) {
  if (handler === undefined) return {}
  if (typeof handler.handle === 'function') {
    // An instance of an SDK's HTTP handler: its options cannot be read.
    ignored.push('config.aws.requestHandler')
    return {}
  }
  const known = { requestTimeout: milliseconds, socketTimeout: milliseconds, connectionTimeout: milliseconds }
  const { maxConnections, options: rest } = withoutAgents(handler, 'config.aws.requestHandler', [
    'httpsAgent',
    'httpAgent'
  ])
  const given = pick(rest, 'config.aws.requestHandler', known, IGNORED_REQUEST_HANDLER_KEYS, ignored)
  return {
    requestTimeoutMs: unlessZero(given.requestTimeout ?? given.socketTimeout),
    connectTimeoutMs: unlessZero(given.connectionTimeout),
    maxConnections
  }
}

/** In the SDKs 0 means "no limit"; here it means our default. */
function unlessZero(ms) {
  return ms === 0 ? undefined : ms
}

function withCredentials(options, credentials) {
  const { accessKeyId, secretAccessKey } = options
  if ((accessKeyId === undefined) !== (secretAccessKey === undefined)) {
    throw invalidArgument(
      'config.aws.accessKeyId and config.aws.secretAccessKey go together: one of them is missing'
    )
  }
  if (accessKeyId === undefined && options.sessionToken !== undefined) {
    throw invalidArgument(
      'config.aws.sessionToken needs config.aws.accessKeyId and config.aws.secretAccessKey'
    )
  }
  if (credentials === undefined) return options
  if (accessKeyId !== undefined) {
    throw invalidArgument('config.aws.credentials and config.aws.accessKeyId exclude each other')
  }
  if (typeof credentials === 'function') return { ...options, credentials: provider(credentials) }
  if (typeof credentials.getPromise === 'function') {
    // Credentials of SDK v2 that fetch and renew themselves.
    return {
      ...options,
      credentials: provider(async () => {
        await credentials.getPromise()
        return credentials
      })
    }
  }
  const { expiresAtMs, ...fixed } = credentialsOf(credentials, 'config.aws.credentials')
  return { ...options, ...fixed }
}

/**
 * Never rejects: a failure is a value, so that it reaches the caller of the call that needed the credentials. A function that
 * rejects is called again; one that resolves with something else than keys is not.
 */
function provider(credentials) {
  return async () => {
    let given
    try {
      given = await credentials()
    } catch (error) {
      return { error: error instanceof Error ? error.message : String(error) }
    }
    try {
      return credentialsOf(given, 'what config.aws.credentials() resolved with')
    } catch (error) {
      return { error: error.message, malformed: true }
    }
  }
}

function credentialsOf(credentials, path) {
  objectOf(credentials, path)
  const { accessKeyId, secretAccessKey, sessionToken, expiration } = credentials
  const given = {
    accessKeyId: headerString(accessKeyId, `${path}.accessKeyId`),
    secretAccessKey: filledString(secretAccessKey, `${path}.secretAccessKey`)
  }
  // SDK v2 has null where there is none.
  if (sessionToken != null) given.sessionToken = headerString(sessionToken, `${path}.sessionToken`)
  if (expiration != null) {
    const at = new Date(expiration).getTime()
    if (Number.isNaN(at)) throw invalidArgument(`${path}.expiration is not a date`)
    given.expiresAtMs = at
  }
  return given
}

function pick(object, path, known, ignorable, ignored) {
  const result = {}
  for (const [key, value] of Object.entries(object)) {
    if (value === undefined) continue
    if (Object.hasOwn(known, key)) result[key] = known[key](value, `${path}.${key}`)
    else if (ignorable.has(key)) ignored.push(`${path}.${key}`)
    else throw invalidArgument(`${path}.${key} is not an option; there are ${Object.keys(known).join(', ')}`)
  }
  return result
}

function omit(object, keys) {
  return Object.fromEntries(Object.entries(object).filter(([key]) => !keys.includes(key)))
}

function warnOfIgnored(ignored) {
  if (ignored.length === 0) return
  process.emitWarning(`${ignored.join(', ')}: without a meaning in y-dynamodb, ignored`, {
    type: 'YDynamoDbWarning',
    code: 'Y_DYNAMODB_IGNORED_OPTION'
  })
}

function objectOf(value, path) {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value
  throw invalidArgument(`${path} is not an object`)
}

function filledString(value, path) {
  if (typeof value === 'string' && value !== '') return value
  throw invalidArgument(`${path} is not a string with something in it`)
}

/** What goes into a header: a line break from a file or a secret store is the usual mistake. */
function headerString(value, path) {
  if (/^[\x21-\x7e]+$/.test(filledString(value, path))) return value
  throw invalidArgument(`${path} holds a blank, a line break or another character that no key has`)
}

function boolean(value, path) {
  if (typeof value === 'boolean') return value
  throw invalidArgument(`${path} is neither true nor false`)
}

function callable(value, path) {
  if (typeof value === 'function') return value
  throw invalidArgument(`${path} is not a function`)
}

function milliseconds(value, path) {
  if (Number.isInteger(value) && value >= 0 && value <= 2 ** 31 - 1) return value
  throw invalidArgument(`${path} is not a whole number of milliseconds`)
}

function positiveMilliseconds(value, path) {
  if (milliseconds(value, path) > 0) return value
  throw invalidArgument(`${path} is 0 ms, which no request can keep`)
}

function wholeNumber(least, most) {
  return (value, path) => {
    if (Number.isInteger(value) && value >= least && value <= most) return value
    throw invalidArgument(`${path} is not a whole number from ${least} to ${most}`)
  }
}

function oneOf(values) {
  return (value, path) => {
    if (values.includes(value)) return value
    throw invalidArgument(`${path} is none of ${values.map(each => `'${each}'`).join(', ')}`)
  }
}

function yjs(value, path) {
  if (typeof value?.Doc === 'function' && typeof value.applyUpdate === 'function') return value
  throw invalidArgument(`${path} is not yjs: it has no Doc and applyUpdate`)
}

/** An address as a string, a URL, or an endpoint object of SDK v2 (which has an href too). */
function endpoint(value, path) {
  return filledString(value?.href ?? value, path)
}

function credentials(value, path) {
  if (typeof value === 'function') return value
  return objectOf(value, path)
}

module.exports = { normalise }
