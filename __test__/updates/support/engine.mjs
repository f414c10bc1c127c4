/** The engine under test: the public functions, and what only the log uses. */

import { createRequire } from 'node:module'
import { diffUpdate, encodeStateVectorFromUpdate, validateUpdate } from '../../../entries/updates.mjs'

const require = createRequire(import.meta.url)
const { unwrap } = require('../../../lib/errors.js')
const native = require('../../../lib/native.js')

/** `updates.mergeUpdates` with the option that is the log's own: `wholeLog`, nothing is missing before these updates. */
export function merge(updates, { gc = true, squash = true, wholeLog = false } = {}) {
  const packed = Buffer.concat(updates)
  return unwrap(
    native.mergeUpdates(
      packed,
      Uint32Array.from(updates, update => update.length),
      { gc, squash, wholeLog }
    )
  )
}

/** The second reading of a merge, as a compaction does it before it deletes anything. */
export function verify(updates, merged) {
  const lengths = Uint32Array.from(updates, update => update.length)
  unwrap(native.verifyMerge(Buffer.concat(updates), lengths, merged))
}

export function validateStateVector(stateVector) {
  unwrap(native.validateStateVector(stateVector))
}

/** A merge as a read does it: what yjs cannot apply together becomes tombstones. */
export function mergeReadable(updates, { gc = true, squash = true, wholeLog = false } = {}) {
  const lengths = Uint32Array.from(updates, update => update.length)
  return unwrap(native.mergeReadableUpdates(Buffer.concat(updates), lengths, { gc, squash, wholeLog }))
}

/** The update with tombstones in place of what is refused, and the reason of the first of them. */
export function salvage(update) {
  return unwrap(native.salvageUpdate(update))
}

export { diffUpdate, encodeStateVectorFromUpdate, validateUpdate }
