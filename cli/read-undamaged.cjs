'use strict'

/**
 * Reads a document of a table in order to copy it elsewhere, and refuses a damaged one.
 *
 * The merged update comes from `verify`, which leaves damaged items out. The updates in them would then be missing from the
 * copy without notice. Items in quarantine are not part of the document; only their number is returned.
 */

const { PersistenceError } = require('../lib/errors.js')
const { summarise } = require('./summary.cjs')

/** Damage that may have destroyed acknowledged updates. What other findings describe was never acknowledged. */
const LOSSES = new Set(['corrupt-update', 'incomplete-set', 'damaged-head'])

/**
 * @returns {Promise<{ name: string, update: Uint8Array, metas: Map<string, Uint8Array>, quarantined: number }>}
 * @throws {PersistenceError} `ERR_CORRUPT`
 */
async function readUndamaged(table, name) {
  let verified = await table.verify(name)
  // A compaction may be deleting a set that it has merged, which looks like an incomplete set: verify once more.
  if (verified.findings.some(isLoss)) verified = await table.verify(name)
  const { items, findings, update } = verified
  const loss = findings.find(isLoss)
  if (loss !== undefined) {
    throw new PersistenceError(
      `${loss.wrong} at ${loss.place}: ${loss.detail}. Run verify: docs/CLI.md says what to do about each finding`,
      { code: 'ERR_CORRUPT', docName: name }
    )
  }
  return { name, update, metas: await table.metas(name), quarantined: summarise(items).quarantined }
}

function isLoss({ wrong }) {
  return LOSSES.has(wrong)
}

module.exports = { readUndamaged }
