'use strict'

/** Counts the items, bytes and sets of a document. */

const native = require('../lib/native.js')

const LOG_KINDS = new Set(['original', 'update', 'head', 'part', 'strange'])

/** @param {Array<{ kind: string, bytes: number, clock?: number, at?: number }>} items */
function summarise(items) {
  const summary = {
    items: items.length,
    bytes: 0,
    clock: null,
    changedAt: null,
    original: 0,
    metas: 0,
    quarantined: 0
  }
  for (const { kind, bytes, clock, at } of items) {
    summary.bytes += bytes
    if (clock != null) summary.clock = Math.max(summary.clock ?? 0, clock)
    if (at != null) summary.changedAt = Math.max(summary.changedAt ?? 0, at)
    if (kind === 'original') summary.original++
    if (kind === 'meta') summary.metas++
    if (kind === 'quarantined') summary.quarantined++
  }
  return { ...summary, ...native.countSets(items) }
}

/** Whether a document has updates or metas: not only what is left of one. */
function isThere(items) {
  return items.some(({ kind }) => LOG_KINDS.has(kind) || kind === 'meta')
}

/** Whether the table has any item of a document, of whatever kind. */
function isKnown(items) {
  return items.some(({ kind }) => kind !== 'foreign')
}

/** Whether there is something to take elsewhere, or something in quarantine that is left behind: not only a state vector. */
function isWorthListing(items) {
  return isThere(items) || items.some(({ kind }) => kind === 'quarantined')
}

module.exports = { isKnown, isWorthListing, summarise }
