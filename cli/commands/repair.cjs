'use strict'

/** `repair`: moves unusable items to the quarantine, or prints what it would move. */

const path = require('node:path')
const { invalidArgument } = require('../../lib/arguments.js')
const { toFileName } = require('../file-names.cjs')
const { createFolder, writeAtomically } = require('../files.cjs')
const { findingsOf, formatFinding, isInformational } = require('../findings.cjs')
const { forEachDocument, selectedDocuments } = require('../for-each-document.cjs')
const { highlight, pluralize, printable } = require('../format.cjs')
const { notFound } = require('../not-found.cjs')
const { CONCURRENCY } = require('../options.cjs')
const { isKnown } = require('../summary.cjs')
const { loadYjs } = require('../yjs.cjs')

/** What happened to the items of a finding. */
const OUTCOMES = {
  moved: 'moved into the quarantine',
  changed: 'not moved: it has changed meanwhile; run repair again',
  full: 'not moved: its ten places in the quarantine are taken'
}

async function run(context) {
  const { all, apply, extract, 'dry-run': dryRun } = context.options
  if (apply && dryRun) throw invalidArgument('either --apply or --dry-run')
  if (extract !== undefined && (apply || dryRun))
    throw invalidArgument('--extract goes alone: it copies what is in the quarantine')
  if (extract !== undefined) return extractAll(context, extract)
  const { output, progress } = context
  const Y = await loadYjs()
  const table = context.openTable()
  const sums = { documents: 0, items: 0 }
  progress.begin()
  await forEachDocument(context, selectedDocuments(context, table), async ({ name }) => {
    const verified = apply ? await table.repair(name) : await table.verify(name)
    if (!all && !isKnown(verified.items)) throw notFound(name)
    const findings = findingsOf(Y, name, verified)
    const left = apply ? findingsOf(Y, name, await table.verify(name)) : findings
    if (left.some(finding => !isInformational(finding))) context.setFailed()
    sums.documents++
    sums.items += findings.reduce(
      (sum, { items, outcome }) => sum + (apply && outcome !== 'moved' ? 0 : items),
      0
    )
    if (output.isJson) await output.result({ name, applied: apply === true, findings, left })
    else
      for (const finding of findings)
        await output.text(`${formatFinding(name, finding)}\n    ${fateOf(finding, apply)}`)
  })
  const sum = `${pluralize(sums.documents, 'document')}, ${pluralize(sums.items, 'item')}`
  await output.text(
    apply
      ? `${sum} moved into the quarantine`
      : `${sum} would be moved into the quarantine; nothing was changed (--apply does it)`
  )
}

function fateOf({ items, outcome }, apply) {
  if (items === 0) return 'there is nothing that could be moved: docs/CLI.md says what to do'
  return apply
    ? `${pluralize(items, 'item')}: ${OUTCOMES[outcome] ?? outcome}`
    : `${pluralize(items, 'item')} would be moved`
}

/** Writes each item in the quarantine to a file, numbered in key order. */
async function extractAll(context, folder) {
  const { options, output, progress } = context
  const table = context.openTable()
  await createFolder(folder)
  progress.begin()
  await forEachDocument(context, selectedDocuments(context, table), async ({ name }) => {
    const quarantined = await table.quarantined(name)
    if (quarantined.length === 0 && !options.all && !isKnown((await table.verify(name)).items))
      throw notFound(name)
    for (const [i, { key, from, value }] of quarantined.entries()) {
      if (value == null) {
        context.setFailed()
        await output.result(
          { name, key, from, file: null },
          highlight(`${printable(name)}: ${printable(from)} has no binary value: only the table has it`)
        )
        continue
      }
      const file = path.join(folder, `${toFileName(name)}.${String(i).padStart(4, '0')}.quarantined`)
      await writeAtomically(file, value)
      await output.result(
        { name, key, from, file },
        `${printable(name)}: ${printable(from)}  →  ${path.basename(file)}`
      )
    }
  })
}

module.exports = {
  name: 'repair',
  synopsis: 'DOC|--all',
  positionals: [0, 1],
  options: {
    'all': { help: 'all documents of the table' },
    'dry-run': { help: 'only say what would be moved (the default)' },
    'apply': { help: 'move it' },
    'extract': { value: 'DIR', help: 'instead, copy what is in the quarantine into files' },
    ...CONCURRENCY
  },
  summary: 'Moves items that no reader can use out of the way, into the quarantine of their document.',
  details: `An item is deleted only after its copy was put beside it and read back, and only if it is still what was copied. Nothing
leaves the table: --extract gives the bytes, import takes what can be saved of them. Needs yjs. Exit code 1 where something
is wrong (with --apply: still wrong).`,
  run
}
