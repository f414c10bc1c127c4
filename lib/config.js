'use strict'

/**
 * Checks the configuration and converts it to the options of the native addon. `aws-options.js` does the same for
 * `config.aws`.
 *
 * Every key is one of three: an option; a key of an AWS SDK that has no effect here, which emits one warning; or an
 * unknown key, which is refused by name. A key whose value is `undefined` counts as not given.
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
  rememberBytes: wholeNumber(0, 2 ** 32 - 1),
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
 * Returns the options of the native addon, the function `credentials` if there is one, and what only JavaScript uses.
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
  process.emitWarning(`${ignored.join(', ')}: ignored, without effect in y-dynamodb`, {
    type: 'YDynamoDbWarning',
    code: 'Y_DYNAMODB_IGNORED_OPTION'
  })
}

function yjs(value, path) {
  if (typeof value?.Doc === 'function' && typeof value.applyUpdate === 'function') return value
  throw unexpected(value, path, 'yjs (with Doc and applyUpdate)')
}

module.exports = { normalise }
