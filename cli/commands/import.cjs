'use strict'

/** `import`: stores documents from files. */

const path = require('node:path')
const { invalidArgument } = require('../../lib/arguments.js')
const { storeDocument } = require('../documents.cjs')
const { listDocuments, readDocument } = require('../files.cjs')
const { forEachDocument } = require('../for-each-document.cjs')
const { ImportReport } = require('../import-report.cjs')
const { CONCURRENCY, OVERWRITE_METAS } = require('../options.cjs')

async function run(context) {
  const {
    options,
    positionals: [place],
    progress
  } = context
  const bases = await listDocuments(place)
  if (bases.length === 0) throw invalidArgument(`${place} has no .yjs and no .json files`)
  if (options.name !== undefined && (bases.length > 1 || bases[0].startsWith(path.join(place, path.sep)))) {
    throw invalidArgument('--name is for one file, not for a folder')
  }
  const table = context.openTable()
  progress.begin(bases.length)
  const report = new ImportReport(context)
  const failures = await forEachDocument(
    context,
    bases,
    async base => {
      const document = await readDocument(base, options.name)
      const stored = await storeDocument(table, document, { overwriteMetas: options['overwrite-metas'] })
      await report.add(document, stored)
    },
    base => path.basename(base)
  )
  await report.end(failures)
}

module.exports = {
  name: 'import',
  synopsis: 'DIR|FILE',
  positionals: [1, 1],
  options: {
    name: { value: 'DOC', help: 'the document, for a FILE whose name does not tell it' },
    ...OVERWRITE_METAS,
    ...CONCURRENCY
  },
  summary: 'Stores what an export, or anything else that writes Yjs updates, has put into files.',
  details: `Only what the document lacks is stored, so that importing again stores nothing; what was stored is read back and compared.
A file that is not an update, or metas that are none, are refused before anything of that document is stored. A meta that
the table has with another value stays as it is (exit code 1), unless --overwrite-metas is given.`,
  run
}
