'use strict'

/**
 * `y-dynamodb/updates`: the update engine without a table. Checks arguments, packs lists of updates, throws failures.
 *
 * Updates are Yjs updates in format V1. Every function takes them as `Uint8Array` (so also as `Buffer`) and returns new bytes.
 */

const { isUint8Array } = require('node:util').types
const { checkBytes, describe, invalidArgument, isDetached, unshared } = require('./arguments.js')
const { unwrap } = require('./errors.js')
const native = require('./native.js')

/** The options of a merge, with their defaults. */
const MERGE_DEFAULTS = { gc: true, squash: true }

/** Updates of this average size or more are cheaper to pass one by one than to copy into one buffer. */
const LARGE_BYTES = 2_048

function mergeUpdates(updates, options) {
  const flags = nativeOptions(options)
  const { lengths, total } = measure(updates)
  if (total > LARGE_BYTES * updates.length)
    return unwrap(native.mergeLargeUpdates(updates.map(unshared), flags))
  return unwrap(native.mergeUpdates(pack(updates, lengths, total), lengths, flags))
}

async function mergeUpdatesAsync(updates, options) {
  const flags = nativeOptions(options)
  // Copied before this call returns: the caller may write to the updates at once.
  const { lengths, total } = measure(updates)
  return unwrap(await native.mergeUpdatesAsync(pack(updates, lengths, total), lengths, flags))
}

function encodeStateVectorFromUpdate(update) {
  return unwrap(native.encodeStateVectorFromUpdate(checkBytes(update, 'update')))
}

function diffUpdate(update, stateVector) {
  return unwrap(native.diffUpdate(checkBytes(update, 'update'), checkBytes(stateVector, 'state vector')))
}

function validateUpdate(update) {
  unwrap(native.validateUpdate(checkBytes(update, 'update')))
}

/** Checks a list of updates. @returns the length of each, and their sum */
function measure(updates) {
  if (!Array.isArray(updates)) throw invalidArgument(`updates is not an array but ${describe(updates)}`)
  const lengths = new Uint32Array(updates.length)
  let total = 0
  for (let i = 0; i < updates.length; i++) {
    const update = updates[i]
    if (!isUint8Array(update))
      throw invalidArgument(`updates[${i}] is not a Uint8Array but ${describe(update)}`)
    if (isDetached(update)) throw invalidArgument(`updates[${i}] is detached: its bytes are somewhere else`)
    total += lengths[i] = update.length
  }
  return { lengths, total }
}

/** All updates in one buffer: passing one array to the addon is faster than passing many small ones. */
function pack(updates, lengths, total) {
  const packed = new Uint8Array(total)
  let offset = 0
  for (let i = 0; i < updates.length; i++) {
    packed.set(updates[i], offset)
    offset += lengths[i]
  }
  return packed
}

function nativeOptions(options = {}) {
  if (typeof options !== 'object' || options === null)
    throw invalidArgument(`options is not an object but ${describe(options)}`)
  for (const [key, value] of Object.entries(options)) {
    if (!Object.hasOwn(MERGE_DEFAULTS, key)) {
      throw invalidArgument(`options.${key} is unknown: there are ${Object.keys(MERGE_DEFAULTS).join(', ')}`)
    }
    if (value !== undefined && typeof value !== 'boolean') {
      throw invalidArgument(`options.${key} is not a boolean but ${describe(value)}`)
    }
  }
  const { gc = MERGE_DEFAULTS.gc, squash = MERGE_DEFAULTS.squash } = options
  return { gc, squash, wholeLog: false }
}

module.exports = { mergeUpdates, mergeUpdatesAsync, encodeStateVectorFromUpdate, diffUpdate, validateUpdate }
