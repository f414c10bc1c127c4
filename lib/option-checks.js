'use strict'

/**
 * Checks of one option each: the value itself, or `ERR_INVALID_ARGUMENT` with the option's path, what is expected there and
 * what was given.
 */

const { describe, invalidArgument } = require('./arguments.js')

/** Longer strings are cut in messages. */
const MAX_SHOWN = 40

/** Takes the keys that `known` checks out of `object`, and the names of ignored ones into `ignored`; refuses all others. */
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

function plainObject(value, path) {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value
  throw unexpected(value, path, 'an object')
}

function filledString(value, path) {
  if (typeof value === 'string' && value !== '') return value
  throw unexpected(value, path, 'a string with something in it')
}

/** A filled string that no message shows. */
function secret(value, path) {
  if (typeof value === 'string' && value !== '') return value
  throw invalidArgument(
    `${path} is not a string with something in it but ${value === '' ? "''" : describe(value)}`
  )
}

/** A secret that goes into a header: a line break from a file or a secret store is the usual mistake. */
function headerSecret(value, path) {
  if (/^[\x21-\x7e]+$/.test(secret(value, path))) return value
  throw invalidArgument(`${path} holds a blank, a line break or another character that no key has`)
}

function boolean(value, path) {
  if (typeof value === 'boolean') return value
  throw unexpected(value, path, 'true or false')
}

function callable(value, path) {
  if (typeof value === 'function') return value
  throw unexpected(value, path, 'a function')
}

function milliseconds(value, path) {
  if (Number.isInteger(value) && value >= 0 && value <= 2 ** 31 - 1) return value
  throw unexpected(value, path, 'a whole number of milliseconds')
}

function positiveMilliseconds(value, path) {
  if (milliseconds(value, path) > 0) return value
  throw invalidArgument(`${path} is 0 ms, which no request can keep`)
}

function wholeNumber(least, most) {
  return (value, path) => {
    if (Number.isInteger(value) && value >= least && value <= most) return value
    throw unexpected(value, path, `a whole number from ${least} to ${most}`)
  }
}

function oneOf(values) {
  return (value, path) => {
    if (values.includes(value)) return value
    throw unexpected(value, path, values.map(each => `'${each}'`).join(' or '))
  }
}

/** @returns {import('./errors.js').PersistenceError} that says what `path` is not, and what it is */
function unexpected(value, path, expected) {
  return invalidArgument(`${path} is not ${expected} but ${shown(value)}`)
}

function shown(value) {
  if (Array.isArray(value)) return 'an array'
  if (typeof value === 'function') return 'a function'
  if (typeof value !== 'string') return typeof value === 'object' ? describe(value) : String(value)
  return `'${value.length > MAX_SHOWN ? `${value.slice(0, MAX_SHOWN)}…` : value}'`
}

module.exports = {
  boolean,
  callable,
  filledString,
  headerSecret,
  milliseconds,
  omit,
  oneOf,
  pick,
  plainObject,
  positiveMilliseconds,
  secret,
  unexpected,
  wholeNumber
}
