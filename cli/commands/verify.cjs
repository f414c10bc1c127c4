'use strict'

/** `verify`: checks every item. */

const { findingsOf, formatFinding, isInformational } = require('../findings.cjs')
const { forEachDocument, selectedDocuments } = require('../for-each-document.cjs')
const { pluralize } = require('../format.cjs')
const { notFound } = require('../not-found.cjs')
const { CONCURRENCY } = require('../options.cjs')
const { isKnown } = require('../summary.cjs')
const { loadYjs } = require('../yjs.cjs')

async function run(context) {
  const { options, output, progress } = context
  const Y = await loadYjs()
  const table = context.openTable()
  const sums = { documents: 0, items: 0, findings: 0 }
  progress.begin()
  await forEachDocument(context, selectedDocuments(context, table), async ({ name }) => {
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
    ].join(', ')
  )
}

module.exports = {
  name: 'verify',
  synopsis: 'DOC|--all',
  positionals: [0, 1],
  options: { all: { help: 'all documents of the table' }, ...CONCURRENCY },
  summary: 'Reads and parses every item, and says what is damaged, missing or left over.',
  details: `Writes nothing. Needs yjs. Exit code 1 where something was found; docs/CLI.md says what each finding means and what to do.
With --all the whole table is read twice (1 RCU for 4 KB each time).`,
  run
}
