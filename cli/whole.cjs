'use strict'

/**
 * A document of a table that is taken elsewhere: whole, or not at all.
 *
 * A read passes over a set that does not count. What it held would be missing elsewhere and nobody would know, so here it is
 * a failure. Items in quarantine are no part of the document: how many there are is told.
 */

const { PersistenceError } = require('../lib/errors.js')
const { summarise } = require('./summary.cjs')

/** What may have held acknowledged updates. The other remains never did. */
const LOSSES = new Set(['corrupt-update', 'incomplete-set', 'damaged-head'])

/**
 * @returns {Promise<{ name: string, update: Uint8Array, metas: Map<string, Uint8Array>, quarantined: number }>}
 * @throws {PersistenceError} `ERR_CORRUPT`
 */
async function readWhole(table, name) {
  let verified = await table.verify(name)
  // A compaction deletes what it has merged: for a moment a set may be half there, and contained in another. Looked at again.
  if (verified.findings.some(isLoss)) verified = await table.verify(name)
  const { items, findings, update } = verified
  const loss = findings.find(isLoss)
  if (loss !== undefined) {
    throw new PersistenceError(
      `${loss.wrong} at ${loss.place}: ${loss.detail}: run verify, it says what to do`,
      { code: 'ERR_CORRUPT', docName: name }
    )
  }
  return { name, update, metas: await table.metas(name), quarantined: summarise(items).quarantined }
}

function isLoss({ wrong }) {
  return LOSSES.has(wrong)
}

module.exports = { readWhole }
