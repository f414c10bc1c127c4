'use strict'

/**
 * Checks of single options. Each returns the value, or throws `ERR_INVALID_ARGUMENT` with the option's path, the
 * expected form and the given value.
 */

const { describe, invalidArgument } = require('./arguments.js')

/** Longer strings are truncated in messages. */
const MAX_SHOWN = 40

/**
 * Returns the checked values of the keys in `known`, and adds the paths of `ignorable` keys to `ignored`. Refuses all
 * other keys.
 */
function pick(object, path, known, ignorable, ignored) {
  const result = {}
  for (const [key, value] of Object.entries(object)) {
    if (value === undefined) continue
    if (Object.hasOwn(known, key)) result[key] = known[key](value, `${path}.${key}`)
    else if (ignorable.has(key)) ignored.push(`${path}.${key}`)
    else
      throw invalidArgument(
        `${path}.${key} is not an option; the options are ${Object.keys(known).join(', ')}`
      )
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
  throw unexpected(value, path, 'a non-empty string')
}

/** A non-empty string that no message shows. */
function secret(value, path) {
  if (typeof value === 'string' && value !== '') return value
  throw invalidArgument(`${path} is not a non-empty string but ${value === '' ? "''" : describe(value)}`)
}

/** A secret that is sent in a header. The usual mistake is a line break from a file or a secret store. */
function headerSecret(value, path) {
  if (/^[\x21-\x7e]+$/.test(secret(value, path))) return value
  throw invalidArgument(
    `${path} contains a blank, a line break or another character that keys cannot contain`
  )
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
  throw invalidArgument(`${path} is 0 ms, but has to be at least 1 ms`)
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
