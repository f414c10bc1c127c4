'use strict'

/** `verify`: checks every item. */

const { findingsOf, formatFinding, isInformational } = require('../findings.cjs')
const { forEachDocument, selectedDocuments } = require('../for-each-document.cjs')
const { failedSuffix, pluralize } = require('../format.cjs')
const { notFound } = require('../not-found.cjs')
const { CONCURRENCY } = require('../options.cjs')
const { isKnown } = require('../summary.cjs')
const { loadYjs } = require('../read-content.cjs')

async function run(context) {
  const { options, output, progress } = context
  const Y = await loadYjs()
  const table = context.openTable()
  const sums = { documents: 0, items: 0, findings: 0 }
  progress.begin()
  const failures = await forEachDocument(context, selectedDocuments(context, table), async ({ name }) => {
    const verified = await table.verify(name)
    if (!options.all && !isKnown(verified.items)) throw notFound(name)
    const findings = findingsOf(Y, name, verified)
    const wrong = findings.filter(finding => !isInformational(finding)).length
    sums.documents++
    sums.items += verified.items.length
    sums.findings += wrong
    if (wrong > 0) context.setFailed()
    if (output.isJson) await output.result({ name, items: verified.items.length, findings })
    else for (const finding of findings) await output.text(formatFinding(name, finding))
  })
  await output.text(
    [
      pluralize(sums.documents, 'document'),
      pluralize(sums.items, 'item'),
      pluralize(sums.findings, 'finding')
    ].join(', ') + failedSuffix(failures)
  )
}

module.exports = {
  name: 'verify',
  synopsis: 'DOC|--all',
  positionals: [0, 1],
  options: { all: { help: 'all documents of the table, instead of DOC' }, ...CONCURRENCY },
  summary: 'Reads and parses every item, and reports what is damaged, missing or left over.',
  details: `Needs yjs. Writes nothing. Exit code 1 if there are findings; docs/CLI.md explains each finding
and what to do about it. --all scans the table and then reads each document (1 RCU per 4 KB each
time).`,
  run
}
