'use strict'

/**
 * Checks the configuration and turns it into what the native addon takes. `aws-options.js` does the same for `config.aws`.
 *
 * Every key is one of three: it means something here; it is a key of an SDK without a meaning here (one warning); or it
 * is refused by name. A key whose value is `undefined` counts as not given.
 */

const { invalidArgument } = require('./arguments.js')
const { awsOptions } = require('./aws-options.js')
const {
  boolean,
  callable,
  filledString,
  milliseconds,
  oneOf,
  pick,
  plainObject,
  unexpected,
  wholeNumber
} = require('./option-checks.js')

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
  aws: plainObject
}

/**
 * The configuration in the form of the native addon (`options`, and the function `credentials` where there is one), beside
 * what only JavaScript uses.
 *
 * @throws {PersistenceError} `ERR_INVALID_ARGUMENT`
 */
function normalise(config) {
  plainObject(config, 'config')
  const ignored = []
  const top = pick(config, 'config', TOP_LEVEL, new Set(), ignored)
  if (top.tableName === undefined)
    throw invalidArgument('config.tableName is missing: the name of the DynamoDB table')
  const { aws = {}, Y, onError, ...log } = top
  const { credentials, ...table } = awsOptions(aws, ignored)
  warnOfIgnored(ignored)
  return { options: { ...log, ...table }, credentials, Y, onError }
}

function warnOfIgnored(ignored) {
  if (ignored.length === 0) return
  process.emitWarning(`${ignored.join(', ')}: without a meaning in y-dynamodb, ignored`, {
    type: 'YDynamoDbWarning',
    code: 'Y_DYNAMODB_IGNORED_OPTION'
  })
}

function yjs(value, path) {
  if (typeof value?.Doc === 'function' && typeof value.applyUpdate === 'function') return value
  throw unexpected(value, path, 'yjs (with Doc and applyUpdate)')
}

module.exports = { normalise }
