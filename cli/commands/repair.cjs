'use strict'

/** `repair`: moves unusable items to the quarantine, or prints what it would move. */

const path = require('node:path')
const { invalidArgument } = require('../../lib/arguments.js')
const { toFileName } = require('../file-names.cjs')
const { createFolder, writeAtomically } = require('../files.cjs')
const { findingsOf, formatFinding, isInformational } = require('../findings.cjs')
const { forEachDocument, selectedDocuments } = require('../for-each-document.cjs')
const { failedSuffix, highlight, pluralize, printable } = require('../format.cjs')
const { notFound } = require('../not-found.cjs')
const { CONCURRENCY } = require('../options.cjs')
const { isKnown } = require('../summary.cjs')
const { loadYjs } = require('../read-content.cjs')

/** What happened to the items of a finding. */
const OUTCOMES = {
  moved: 'moved to the quarantine',
  changed: 'not moved, because it has changed meanwhile: run repair again',
  full: 'not moved, because all ten places for it in the quarantine are taken'
}

async function run(context) {
  const { all, apply, extract, 'dry-run': dryRun } = context.options
  if (apply && dryRun) throw invalidArgument('give either --apply or --dry-run')
  if (extract !== undefined && (apply || dryRun))
    throw invalidArgument('--extract cannot be combined with --apply or --dry-run')
  if (extract !== undefined) return extractAll(context, extract)
  const { output, progress } = context
  const Y = await loadYjs()
  const table = context.openTable()
  const sums = { documents: 0, items: 0 }
  progress.begin()
  const failures = await forEachDocument(context, selectedDocuments(context, table), async ({ name }) => {
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
        await output.text(`${formatFinding(name, finding)}\n    ${outcomeOf(finding, apply)}`)
  })
  await output.text(
    `${pluralize(sums.documents, 'document')}, ${movedItems(sums.items, apply)}${failedSuffix(failures)}`
  )
}

function movedItems(items, apply) {
  if (items === 0) return apply ? 'no items moved' : 'no items to move'
  return apply
    ? `${pluralize(items, 'item')} moved to the quarantine`
    : `${pluralize(items, 'item')} would be moved to the quarantine (--apply moves them)`
}

function outcomeOf({ items, outcome }, apply) {
  if (items === 0) return 'nothing can be moved: docs/CLI.md says what to do'
  return apply
    ? `${pluralize(items, 'item')}: ${OUTCOMES[outcome] ?? outcome}`
    : `${pluralize(items, 'item')} would be moved`
}

/** Writes each item in the quarantine to a file, numbered in key order. */
async function extractAll(context, folder) {
  const { options, output, progress } = context
  const table = context.openTable()
  await createFolder(folder)
  let files = 0
  progress.begin()
  const failures = await forEachDocument(context, selectedDocuments(context, table), async ({ name }) => {
    const quarantined = await table.quarantined(name)
    if (quarantined.length === 0 && !options.all && !isKnown((await table.verify(name)).items))
      throw notFound(name)
    for (const [i, { key, from, value }] of quarantined.entries()) {
      if (value == null) {
        context.setFailed()
        await output.result(
          { name, key, from, file: null },
          highlight(
            `${printable(name)}: ${printable(from)} has no binary value, so it cannot be written to a file`
          )
        )
        continue
      }
      const file = path.join(folder, `${toFileName(name)}.${String(i).padStart(4, '0')}.quarantined`)
      await writeAtomically(file, value)
      files++
      await output.result(
        { name, key, from, file },
        `${printable(name)}: ${printable(from)}  →  ${path.basename(file)}`
      )
    }
  })
  await output.text(`${pluralize(files, 'item')} written to ${folder}${failedSuffix(failures)}`)
}

module.exports = {
  name: 'repair',
  synopsis: 'DOC|--all',
  positionals: [0, 1],
  options: {
    'all': { help: 'all documents of the table, instead of DOC' },
    'dry-run': { help: 'only print what would be moved (the default)' },
    'apply': { help: 'move the items' },
    'extract': { value: 'DIR', help: 'write the items in quarantine to files instead' },
    ...CONCURRENCY
  },
  summary: 'Moves damaged and leftover items to the quarantine of their document.',
  details: `Without --apply it only prints what it would move. Nothing is lost: the quarantine is part of
the table, but no read uses it. An item is deleted only after its copy was written and read
back, and only if the item has not changed since. --extract writes the items in quarantine to
files; import stores what can be saved of them. Needs yjs. Exit code 1 if there are findings
(with --apply: if any are left).`,
  run
}
