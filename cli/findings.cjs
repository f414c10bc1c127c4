'use strict'

/** The findings about a document: those of the addon about its items, and those of yjs about the merged update. */

const { highlight, printable } = require('./format.cjs')
const { missingUpdates, toDoc } = require('./read-content.cjs')

/** Not a problem: another process may still be writing it. */
const INFORMATIONAL = new Set(['unsealed-yet'])

/**
 * @param {{ findings: object[], update: Uint8Array }} verified
 * @returns {Array<{ wrong: string, place: string, detail: string, items: number, outcome?: string }>}
 */
function findingsOf(Y, name, { findings, update }) {
  const found = findings.map(({ wrong, place, detail, items, outcome }) => ({
    wrong,
    place,
    detail,
    items,
    outcome
  }))
  const withMerged = (wrong, detail) => [...found, { wrong, place: 'the merged update', detail, items: 0 }]
  let missing
  try {
    missing = missingUpdates(toDoc(Y, update, name))
  } catch (error) {
    if (error.code !== 'ERR_CORRUPT') throw error
    return withMerged('unreadable', `${error.message}: ${error.cause.message}`)
  }
  if (missing === undefined) return found
  const which = missing.map(({ client, clock }) => `client ${client} up to clock ${clock}`).join(', ')
  return withMerged(
    'pending',
    `some updates depend on others that are not stored${which === '' ? '' : `: ${which}`}`
  )
}

function isInformational({ wrong }) {
  return INFORMATIONAL.has(wrong)
}

function formatFinding(name, finding) {
  const text = `${printable(name)}: ${finding.wrong} at ${printable(finding.place)}: ${finding.detail}`
  return isInformational(finding) ? text : highlight(text)
}

module.exports = { findingsOf, formatFinding, isInformational }
