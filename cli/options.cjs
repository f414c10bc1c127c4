'use strict'

/** Parses and validates the arguments of the command line. */

const { parseArgs } = require('node:util')
const { invalidArgument } = require('../lib/arguments.js')
const { pluralize } = require('./format.cjs')

/** `value` is the placeholder of the option's value in the help. Booleans have none. */
const TABLE_OPTIONS = {
  table: { value: 'NAME', help: 'the table, as a name or an ARN (default: Y_DYNAMODB_TABLE)' },
  region: { value: 'REGION', help: 'its AWS region (default: AWS_REGION, then the profile)' },
  endpoint: {
    value: 'URL',
    help: 'http://…, https://…, or file:PATH for a local database file (default: AWS)'
  },
  profile: { value: 'NAME', help: 'a profile in the AWS config files (default: AWS_PROFILE)' }
}

const COMMON_OPTIONS = {
  json: { help: 'print one JSON value per line instead of text' },
  help: { help: 'print this help' }
}

/** The option of commands that process many documents. */
const CONCURRENCY = {
  concurrency: { value: 'N', help: 'documents processed at a time, 1 to 64 (default: 4)' }
}

/** The option of commands that copy documents into the table. */
const OVERWRITE_METAS = {
  'overwrite-metas': { help: 'replace metas that the table has with another value (default: keep them)' }
}

const DEFAULT_CONCURRENCY = 4
const MAX_CONCURRENCY = 64

/** All options of a command, its own first. */
function optionsOf(command) {
  return { ...command.options, ...(command.usesTable === false ? {} : TABLE_OPTIONS), ...COMMON_OPTIONS }
}

/**
 * Parses the command line.
 *
 * @returns {{ print: 'help' | 'version', command?: object } | { command: object, options: object, positionals: string[] }}
 * @throws {PersistenceError} `ERR_INVALID_ARGUMENT`
 */
function parse(argv, commands) {
  const [first, ...rest] = argv
  if (first === undefined || first === '--help' || first === '-h') return { print: 'help' }
  if (first === '--version' || first === '-v') return { print: 'version' }
  if (first === 'help') return parseHelp(rest, commands)
  const command = commandNamed(first, commands)
  const { values, positionals } = parseAs(command, rest)
  if (values.help) return { print: 'help', command }
  return { command, positionals, options: complete(command, values, positionals) }
}

function parseHelp(names, commands) {
  if (names.length > 1)
    throw invalidArgument(`help takes one command, but got ${pluralize(names.length, 'argument')}`)
  if (names.length === 0 || ['help', '--help', '-h'].includes(names[0])) return { print: 'help' }
  return { print: 'help', command: commandNamed(names[0], commands) }
}

function commandNamed(text, commands) {
  const command = commands.find(({ name }) => name === text)
  if (command !== undefined) return command
  const what = text.startsWith('-')
    ? `the command comes first, before ${text}`
    : `there is no command ${JSON.stringify(text)}`
  throw invalidArgument(`${what} (y-dynamodb --help lists the commands)`)
}

function parseAs(command, args) {
  const options = {}
  for (const [name, { value }] of Object.entries(optionsOf(command))) {
    options[name] = { type: value === undefined ? 'boolean' : 'string' }
  }
  options.help.short = 'h'
  try {
    return parseArgs({ args, options, allowPositionals: true, strict: true })
  } catch (cause) {
    // Node's message names the option, but its advice about -- lacks a quote.
    const [message] = cause.message.split('. To specify')
    const isName = cause.code === 'ERR_PARSE_ARGS_UNKNOWN_OPTION' && command.positionals?.[1] > 0
    const what = isName ? `${message}; a name that begins with - goes after --` : message
    throw invalidArgument(`${what} (y-dynamodb ${command.name} --help lists the options)`)
  }
}

function complete(command, values, positionals) {
  for (const [name, value] of Object.entries(values)) {
    if (value === '') throw invalidArgument(`--${name} is empty`)
  }
  const options = { ...values, concurrency: concurrencyOf(values.concurrency) }
  if (command.usesTable !== false) {
    options.table ??= process.env.Y_DYNAMODB_TABLE || undefined
    if (options.table === undefined && !command.tableIsOptional) {
      throw invalidArgument('no table: give --table NAME, or set Y_DYNAMODB_TABLE')
    }
    checkEndpoint(options.endpoint, '--endpoint')
  }
  const [least, most] = command.positionals ?? [0, 0]
  if (positionals.length < least || positionals.length > most) {
    throw invalidArgument(
      `${command.name} takes ${command.synopsis === '' ? 'no arguments' : command.synopsis}, `
        + `but got ${pluralize(positionals.length, 'argument')}`
    )
  }
  if (values.all && positionals.length > most - 1)
    throw invalidArgument('either a document or --all, not both')
  if (Object.hasOwn(command.options ?? {}, 'all') && !values.all && positionals.length < most) {
    throw invalidArgument(`${command.name} takes ${command.synopsis}: give a document, or --all`)
  }
  return options
}

function concurrencyOf(text) {
  if (text === undefined) return DEFAULT_CONCURRENCY
  const number = Number(text)
  if (/^\d+$/.test(text) && number >= 1 && number <= MAX_CONCURRENCY) return number
  throw invalidArgument(
    `--concurrency is ${JSON.stringify(text)}, but must be a whole number from 1 to ${MAX_CONCURRENCY}`
  )
}

function checkEndpoint(endpoint, option) {
  if (endpoint?.startsWith('memory:')) {
    throw invalidArgument(
      `${option} ${endpoint}: a table in memory is lost when the command ends; use file:PATH`
    )
  }
}

module.exports = { CONCURRENCY, OVERWRITE_METAS, checkEndpoint, optionsOf, parse }
