'use strict'

/** `compact`: merges the updates of a document. */

const { forEachDocument, selectedDocuments } = require('../for-each-document.cjs')
const { pluralize, printable } = require('../format.cjs')
const { notFound } = require('../not-found.cjs')
const { CONCURRENCY } = require('../options.cjs')

async function run(context) {
  const { options, output, progress } = context
  const table = context.openTable({ gc: options.gc === true })
  progress.begin()
  let documents = 0
  await forEachDocument(context, selectedDocuments(context, table), async ({ name, items }) => {
    const clock = await table.compact(name)
    if (clock == null) {
      if (items !== undefined) return
      throw notFound(name)
    }
    documents++
    await output.result({ name, clock }, `${printable(name)}: one update, at log clock ${clock}`)
  })
  const { done, bytesBefore, bytesAfter } = table.stats().compactions
  await output.text(
    `${pluralize(done, 'document')} compacted, ${pluralize(bytesBefore, 'byte')} became ${bytesAfter}; `
      + `${documents - done} of one update already`
  )
}

module.exports = {
  name: 'compact',
  synopsis: 'DOC|--all',
  positionals: [0, 1],
  options: {
    all: { help: 'all documents of the table' },
    gc: { help: 'drop the content of deleted items, as a persistence does that was not made with gc: false' },
    ...CONCURRENCY
  },
  summary: 'Merges all updates of a document into one, as flushDocument does, and sweeps remains.',
  details: `Never needed: merging happens by itself. Servers may go on meanwhile. Without --gc nothing is dropped that is stored.`,
  run
}
