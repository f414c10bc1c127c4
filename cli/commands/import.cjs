'use strict'

/** `import`: stores documents from files. */

const path = require('node:path')
const { invalidArgument } = require('../../lib/arguments.js')
const { listDocuments, readDocument } = require('../files.cjs')
const { importAll } = require('../import-documents.cjs')
const { CONCURRENCY, OVERWRITE_METAS } = require('../options.cjs')

async function run(context) {
  const {
    options,
    positionals: [place]
  } = context
  const bases = await listDocuments(place)
  if (bases.length === 0) throw invalidArgument(`${place} has no .yjs and no .json files`)
  if (options.name !== undefined && (bases.length > 1 || bases[0].startsWith(path.join(place, path.sep)))) {
    throw invalidArgument('--name is for one file, not for a folder')
  }
  const table = context.openTable()
  const read = base => readDocument(base, options.name)
  await importAll(context, table, bases, read, base => path.basename(base))
}

module.exports = {
  name: 'import',
  synopsis: 'DIR|FILE',
  positionals: [1, 1],
  options: {
    name: { value: 'DOC', help: 'the name of the document, for a FILE that export did not name' },
    ...OVERWRITE_METAS,
    ...CONCURRENCY
  },
  summary: 'Stores documents from files: those of an export, or any other Yjs updates.',
  details: `From DIR it takes all .yjs and .json files, and from FILE one update. Only what a document lacks
is stored, so a second import stores nothing. What was stored is read back and compared. If a
file is not a valid update, or its metas are not valid, nothing of that document is stored. A
meta that has another value in the table is kept (exit code 1), unless --overwrite-metas is
given.`,
  run
}
