'use strict'

/**
 * Credentials in the forms of the AWS SDKs: fixed keys, an object, SDK v2 credentials that load themselves, or a
 * function. No message shows their values.
 */

const { describe, invalidArgument } = require('./arguments.js')
const { headerSecret, secret } = require('./option-checks.js')

const KEYS = ['accessKeyId', 'secretAccessKey']
const SHAPE = '{ accessKeyId, secretAccessKey, sessionToken?, expiration? }'

/** @returns the options with fixed keys, or with the function `credentials` that the addon calls */
function withCredentials(options, credentials) {
  const { accessKeyId, secretAccessKey } = options
  if ((accessKeyId === undefined) !== (secretAccessKey === undefined)) {
    const [given, missing] = accessKeyId === undefined ? KEYS.toReversed() : KEYS
    throw invalidArgument(`config.aws.${given} needs config.aws.${missing}, which is missing`)
  }
  if (accessKeyId === undefined && options.sessionToken !== undefined) {
    throw invalidArgument(
      'config.aws.sessionToken needs config.aws.accessKeyId and config.aws.secretAccessKey'
    )
  }
  if (credentials === undefined) return options
  if (accessKeyId !== undefined) {
    throw invalidArgument('config.aws.credentials and config.aws.accessKeyId cannot be combined')
  }
  if (typeof credentials === 'function') return { ...options, credentials: provider(credentials) }
  if (typeof credentials.getPromise === 'function') {
    // SDK v2 credentials that load and renew themselves.
    return {
      ...options,
      credentials: provider(async () => {
        await credentials.getPromise()
        return credentials
      })
    }
  }
  const { expiresAtMs, ...fixed } = keysOf(credentials, 'config.aws.credentials')
  return { ...options, ...fixed }
}

/**
 * Never rejects: a failure is a value, so that it reaches the caller whose request needs the credentials. A function
 * that rejects is called again. A function that resolves with something other than keys is not.
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
      return keysOf(given, 'the result of config.aws.credentials()')
    } catch (error) {
      return { error: error.message, malformed: true }
    }
  }
}

function keysOf(credentials, path) {
  checkShape(credentials, path)
  const { accessKeyId, secretAccessKey, sessionToken, expiration } = credentials
  const keys = {
    accessKeyId: headerSecret(accessKeyId, `${path}.accessKeyId`),
    secretAccessKey: secret(secretAccessKey, `${path}.secretAccessKey`)
  }
  // SDK v2 uses null for a missing value.
  if (sessionToken != null) keys.sessionToken = headerSecret(sessionToken, `${path}.sessionToken`)
  if (expiration != null) {
    const at = new Date(expiration).getTime()
    if (Number.isNaN(at)) throw invalidArgument(`${path}.expiration is not a date`)
    keys.expiresAtMs = at
  }
  return keys
}

/** The message lists the given keys, because in an STS response they are capitalised or nested. */
function checkShape(credentials, path) {
  if (typeof credentials?.then === 'function')
    throw invalidArgument(`${path} is a promise: await it, or pass a function that returns it`)
  if (typeof credentials !== 'object' || credentials === null || Array.isArray(credentials))
    throw invalidArgument(`${path} is not ${SHAPE} but ${describe(credentials)}`)
  const missing = KEYS.filter(key => credentials[key] == null)
  if (missing.length === 0) return
  const given = Object.keys(credentials).join(', ') || 'no keys'
  throw invalidArgument(`${path} has ${given}, and no ${missing.join(', no ')}: expected ${SHAPE}`)
}

/** Checks the option `credentials`. Its keys are checked when all options are known. */
function credentials(value, path) {
  if (typeof value === 'function' || typeof value?.getPromise === 'function') return value
  checkShape(value, path)
  return value
}

module.exports = { credentials, withCredentials }
