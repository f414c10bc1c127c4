'use strict'

/** Converts `config.aws`, in our own form or in the forms of AWS SDK v2 and v3, to options of the native addon. */

const { invalidArgument } = require('./arguments.js')
const { credentials, withCredentials } = require('./aws-credentials.js')
const {
  filledString,
  headerSecret,
  milliseconds,
  omit,
  pick,
  plainObject,
  positiveMilliseconds,
  secret,
  unexpected,
  wholeNumber
} = require('./option-checks.js')

/** Keys of the SDKs that have no effect here. */
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
/** Keys that would change where requests go. They are never ignored. */
const ENDPOINT_VARIANTS = ['useFipsEndpoint', 'useDualstackEndpoint']

const AWS = {
  region,
  endpoint,
  accessKeyId: headerSecret,
  secretAccessKey: secret,
  sessionToken: headerSecret,
  credentials,
  profile: filledString,
  maxRetries: wholeNumber(0, 100),
  maxAttempts: wholeNumber(1, 101),
  maxConnections: wholeNumber(1, 10_000),
  connectTimeoutMs: positiveMilliseconds,
  requestTimeoutMs: positiveMilliseconds,
  operationTimeoutMs: positiveMilliseconds,
  httpOptions: plainObject,
  requestHandler: plainObject
}

/** The types of these options. A client of SDK v3 has functions in their place. */
const NOT_FUNCTIONS = {
  region: "a string such as 'eu-central-1'",
  endpoint: 'a string or a URL',
  maxAttempts: 'a number',
  useFipsEndpoint: 'true or false',
  useDualstackEndpoint: 'true or false'
}

/** @param ignored receives the paths of the keys that have no effect here */
function awsOptions(aws, ignored) {
  refuseClients(aws)
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

/**
 * Refuses a client, and the `config` of a client of SDK v3: their keys are option names, but their values are not
 * options.
 */
function refuseClients(aws) {
  if (typeof aws.send === 'function' || typeof aws.makeRequest === 'function') {
    const name = aws.constructor?.name
    throw invalidArgument(
      `config.aws is a client${name ? ` (${name})` : ''}, not options: pass { region, endpoint, credentials }`
    )
  }
  for (const [key, expected] of Object.entries(NOT_FUNCTIONS)) {
    if (typeof aws[key] !== 'function') continue
    throw invalidArgument(
      `config.aws.${key} is not ${expected} but a function. The config of an AWS SDK client has functions: `
        + 'pass the options that the client was made with'
    )
  }
}

/** Our own options take precedence over those of the SDKs. */
function transport(options, given) {
  for (const [key, value] of Object.entries(given)) {
    // The addon accepts an absent field, but not `undefined`.
    if (value !== undefined) options[key] ??= value
  }
}

/** Takes `maxSockets` of the SDKs' agents out of `options`. An agent without that limit has no effect here. */
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

function region(value, path) {
  if (typeof value === 'string' && value !== '') return value
  throw unexpected(value, path, NOT_FUNCTIONS.region)
}

/** An address as a string, a URL, or an endpoint object of SDK v2 (which has an href too). */
function endpoint(value, path) {
  const address = value?.href ?? value
  if (typeof address === 'string' && address !== '') return address
  throw unexpected(value, path, NOT_FUNCTIONS.endpoint)
}

module.exports = { awsOptions }
