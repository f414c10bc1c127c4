'use strict'

/** `compact`: merges the updates of a document. */

const { forEachDocument, selectedDocuments } = require('../for-each-document.cjs')
const { failedSuffix, pluralize, printable } = require('../format.cjs')
const { notFound } = require('../not-found.cjs')
const { CONCURRENCY } = require('../options.cjs')

async function run(context) {
  const { options, output, progress } = context
  const table = context.openTable({ gc: options.gc === true })
  const sums = { compacted: 0, unchanged: 0, itemsBefore: 0, itemsAfter: 0, bytesBefore: 0, bytesAfter: 0 }
  progress.begin()
  const failures = await forEachDocument(
    context,
    selectedDocuments(context, table),
    async ({ name, items }) => {
      const compacted = await table.compact(name)
      if (compacted == null) {
        // With --all: a document that only has metas, or that was cleared since the scan.
        if (items !== undefined) return
        throw notFound(name)
      }
      const { clock, changed, ...sizes } = compacted
      if (changed) {
        sums.compacted++
        for (const [key, size] of Object.entries(sizes)) sums[key] += size
      } else {
        sums.unchanged++
      }
      if (changed || output.isJson) {
        await output.result({ name, clock, changed, ...sizes }, `${printable(name)}: ${changeOf(sizes)}`)
      }
    }
  )
  await output.text(`${summary(sums)}${failedSuffix(failures)}; ${writeUnitsOf(table)} WCU used`)
}

function changeOf({ itemsBefore, itemsAfter, bytesBefore, bytesAfter }) {
  return `${pluralize(itemsBefore, 'item')} became ${itemsAfter}, ${pluralize(bytesBefore, 'byte')} became ${bytesAfter}`
}

function summary({ compacted, unchanged, ...sizes }) {
  const changes = compacted === 0 ? '' : `: ${changeOf(sizes)}`
  return `${pluralize(compacted, 'document')} compacted${changes}; ${unchanged} had nothing to merge`
}

function writeUnitsOf(table) {
  const requests = Object.values(table.stats().requests)
  return requests.reduce((sum, { writeUnits }) => sum + writeUnits, 0)
}

module.exports = {
  name: 'compact',
  synopsis: 'DOC|--all',
  positionals: [0, 1],
  options: {
    all: { help: 'all documents of the table, instead of DOC' },
    gc: { help: 'drop the content of deleted items, as servers do unless their option gc is false' },
    ...CONCURRENCY
  },
  summary: 'Merges all updates of a document into one.',
  details: `Optional, because servers merge updates in the background; they can keep running meanwhile. A
document that is one update already is not written. Also deletes items that an interrupted write
has left. Stored content is dropped only with --gc.`,
  run
}
