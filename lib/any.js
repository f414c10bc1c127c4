'use strict'

/**
 * Encodes meta values with lib0's `any` encoding, byte for byte as the original package.
 *
 * lib0 writes unknown types as `undefined` or as an empty object. So every value is checked first, and one that would not be
 * read back as it was given is refused with its path.
 *
 * lib0 is loaded on first use, because that takes more time than to load this package.
 */

const { isDetached } = require('./arguments.js')

/** The depth to which a meta may be nested. */
const MAX_DEPTH = 1000

const MIN_INT64 = -(2n ** 63n)
const MAX_INT64 = 2n ** 63n - 1n

/**
 * The bytes of `value`.
 *
 * @throws {TypeError} with the path of the part that cannot be stored
 */
function encode(value) {
  check(value, 'value', [])
  return require('lib0/buffer').encodeAny(value)
}

/**
 * The value of `bytes`.
 *
 * @throws if they are not exactly one lib0 `any` value
 */
function decode(bytes) {
  const decoding = require('lib0/decoding')
  const decoder = decoding.createDecoder(bytes)
  const value = decoding.readAny(decoder)
  if (decoding.hasContent(decoder)) throw new RangeError(`${bytes.length - decoder.pos} bytes too many`)
  return value
}

function refuse(path, reason) {
  throw new TypeError(`${path} ${reason}`)
}

function check(value, path, parents) {
  switch (typeof value) {
    case 'undefined':
    case 'boolean':
    case 'number':
      return
    case 'string':
      if (!value.isWellFormed()) refuse(path, 'holds a lone surrogate')
      return
    case 'bigint':
      if (value < MIN_INT64 || value > MAX_INT64) refuse(path, 'is a bigint of more than 64 bits')
      return
    case 'object':
      if (value !== null) checkObject(value, path, parents)
      return
    default:
      refuse(path, `is a ${typeof value}`)
  }
}

function checkObject(value, path, parents) {
  if (value instanceof Uint8Array) {
    if (isDetached(value)) refuse(path, 'is a detached Uint8Array')
    return
  }
  if (parents.includes(value)) refuse(path, 'contains itself')
  if (parents.length >= MAX_DEPTH) refuse(path.slice(0, 60) + '…', `is nested more than ${MAX_DEPTH} deep`)
  parents.push(value)
  if (Array.isArray(value)) {
    // Not forEach, which skips empty slots: they are stored as undefined.
    for (let i = 0; i < value.length; i++) check(value[i], `${path}[${i}]`, parents)
  } else {
    checkPlain(value, path)
    for (const key of Object.keys(value)) {
      if (!key.isWellFormed()) refuse(path, 'has a key that holds a lone surrogate')
      if (key === '__proto__') refuse(path, 'has a key __proto__')
      check(value[key], member(path, key), parents)
    }
  }
  parents.pop()
}

/** Accepts object literals of any realm and objects without a prototype; refuses Date, Map and class instances. */
function checkPlain(value, path) {
  const prototype = Object.getPrototypeOf(value)
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null) {
    refuse(path, `is a ${nameOf(prototype)}, not a plain object`)
  }
  const symbol = Object.getOwnPropertySymbols(value).find(key =>
    Object.prototype.propertyIsEnumerable.call(value, key)
  )
  if (symbol !== undefined) refuse(path, `has the key ${String(symbol)}`)
}

function nameOf(prototype) {
  const name = prototype.constructor?.name
  return typeof name === 'string' && name !== '' ? name : 'class instance'
}

function member(path, key) {
  return /^[A-Za-z_$][\w$]*$/.test(key) ? `${path}.${key}` : `${path}[${JSON.stringify(key)}]`
}

module.exports = { encode, decode }
