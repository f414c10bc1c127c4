'use strict'

/** What is wrong with a document: what the addon finds in its items, and what yjs finds in their merge. */

const { alarming, printable } = require('./output.cjs')
const { missingOf, toDoc } = require('./yjs.cjs')

/** Not wrong: someone may be at it at this moment. */
const NOTES = new Set(['unsealed-yet'])

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
  const ofMerge = (wrong, detail) => [
    ...found,
    { wrong, place: 'the merge of all updates', detail, items: 0 }
  ]
  let missing
  try {
    missing = missingOf(toDoc(Y, update, name))
  } catch (error) {
    if (error.code !== 'ERR_CORRUPT') throw error
    return ofMerge('unreadable', `${error.message}: ${error.cause.message}`)
  }
  if (missing === undefined) return found
  const which = missing.map(({ client, clock }) => `client ${client} up to clock ${clock}`).join(', ')
  return ofMerge(
    'pending',
    `some updates wait for others that are not stored${which === '' ? '' : `: ${which}`}`
  )
}

function isNote({ wrong }) {
  return NOTES.has(wrong)
}

function line(name, finding) {
  const text = `${printable(name)}: ${finding.wrong} at ${printable(finding.place)}: ${finding.detail}`
  return isNote(finding) ? text : alarming(text)
}

module.exports = { findingsOf, isNote, line }
