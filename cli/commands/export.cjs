'use strict'

/** `export`: writes documents to files. */

const path = require('node:path')
const { createFolder, hasContent, writeDocument } = require('../files.cjs')
const { forEachDocument, selectedDocuments } = require('../for-each-document.cjs')
const { failedSuffix, pluralize, printable } = require('../format.cjs')
const { quarantineNotice } = require('../import-documents.cjs')
const { notFound } = require('../not-found.cjs')
const { CONCURRENCY } = require('../options.cjs')
const { readUndamaged } = require('../read-undamaged.cjs')
const { isWorthListing } = require('../summary.cjs')

async function run(context) {
  const { options, output, positionals, progress } = context
  const folder = positionals.at(-1)
  const table = context.openTable()
  await createFolder(folder)
  progress.begin()
  const sums = { documents: 0, bytes: 0, metas: 0 }
  const failures = await forEachDocument(
    context,
    selectedDocuments(context, table),
    async ({ name, items }) => {
      if (items !== undefined && !isWorthListing(items)) return
      const document = await readUndamaged(table, name)
      const { update, metas, quarantined } = document
      if (!hasContent(update) && metas.size === 0) {
        if (!options.all) throw notFound(name, quarantined)
        await output.result(
          { name, file: null, bytes: 0, metas: 0, quarantined },
          `${printable(name)}: has nothing to export`,
          ...quarantineNotice(document)
        )
        return
      }
      const base = await writeDocument(folder, document)
      sums.documents++
      sums.bytes += update.length
      sums.metas += metas.size
      await output.result(
        { name, file: base, bytes: update.length, metas: metas.size, quarantined },
        `${String(update.length).padStart(12)} bytes  ${pluralize(metas.size, 'meta')}  ${printable(name)}  →  ${path.basename(base)}${hasContent(update) ? '.yjs' : '.json'}`,
        ...quarantineNotice(document)
      )
    }
  )
  const sizes = `${pluralize(sums.bytes, 'byte')}, ${pluralize(sums.metas, 'meta')}`
  await output.text(
    `${pluralize(sums.documents, 'document')} exported to ${folder} (${sizes})${failedSuffix(failures)}`
  )
}

module.exports = {
  name: 'export',
  synopsis: 'DOC|--all DIR',
  positionals: [1, 2],
  options: { all: { help: 'all documents of the table, instead of DOC' }, ...CONCURRENCY },
  summary: 'Writes documents to files: plain Yjs updates, and their metas.',
  details: `DIR gets two files for each document. NAME.yjs is one update (V1) with everything that is
stored, including deleted content. NAME.json has the document's name and its metas. NAME is the
document's name, with every character escaped that a file system might not accept. An existing
file is replaced only when the new one is complete.

A document is not exported if damage may have destroyed some of its updates (ERR_CORRUPT, exit
code 1). Items in quarantine are not exported; a line says how many. --all scans the table and
then reads each document (1 RCU per 4 KB each time).`,
  run
}
