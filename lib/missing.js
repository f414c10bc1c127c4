'use strict'

/**
 * Compares updates by their content: what one of them has and the others lack.
 *
 * The comparison is between merged bytes, because the same content always merges to the same bytes. A state vector alone
 * shows neither deletions nor content after a gap.
 */

const { diffUpdate, encodeStateVectorFromUpdate, mergeUpdatesAsync } = require('./updates.js')

/** The content of deleted items counts too. */
const KEEP_ALL = { gc: false }

/** Whether `update` has every insertion and deletion of `part`. */
async function contains(update, part) {
  const [without, merged] = await Promise.all([
    mergeUpdatesAsync([update], KEEP_ALL),
    mergeUpdatesAsync([update, part], KEEP_ALL)
  ])
  return Buffer.compare(without, merged) === 0
}

/**
 * What to store of `update` beside `stored`; undefined if nothing is missing there.
 *
 * @param {Uint8Array[]} stored
 * @param {Uint8Array} update
 * @param {{ deletedContent: boolean }} options whether content counts as missing that `stored` has dropped because it is
 *   deleted. A diff does not contain it, so the result is the whole update then
 * @returns {Promise<Uint8Array | undefined>}
 */
async function missingFrom(stored, update, { deletedContent }) {
  const known = await mergeUpdatesAsync(stored, KEEP_ALL)
  const diff = diffUpdate(update, encodeStateVectorFromUpdate(known))
  if (await contains(known, deletedContent ? update : diff)) return undefined
  if (!deletedContent) return diff
  const merged = await mergeUpdatesAsync([known, diff], KEEP_ALL)
  return (await contains(merged, update)) ? diff : update
}

module.exports = { contains, missingFrom }
