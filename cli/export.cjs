'use strict'

/** `export`: documents into files. */

const fs = require('node:fs/promises')
const path = require('node:path')
const { PersistenceError } = require('../lib/errors.js')
const { chosen, forEach } = require('./each.cjs')
const { hasContent, writeDocument } = require('./files.cjs')
const { CONCURRENCY } = require('./options.cjs')
const { printable } = require('./output.cjs')
const { isThere } = require('./summary.cjs')

async function run (context) {
  const { output, positionals, progress } = context
  const folder = positionals.at(-1)
  const table = context.openTable()
  await fs.mkdir(folder, { recursive: true })
  progress.begin()
  await forEach(context, chosen(context, table), async ({ name, items }) => {
    // Nothing is left of it but what a repair has set aside, or a state vector.
    if (items !== undefined && !isThere(items)) return
    const [update, metas] = await Promise.all([table.read(name), table.metas(name)])
    if (items === undefined && !hasContent(update) && metas.size === 0) {
      throw new PersistenceError('there is no such document', { code: 'ERR_NOT_FOUND', docName: name })
    }
    const base = await writeDocument(folder, { name, update, metas })
    await output.result({ name, file: base, bytes: update.length, metas: metas.size },
      `${String(update.length).padStart(12)} bytes  ${metas.size} metas  ${printable(name)}  →  ${path.basename(base)}`)
  })
}

module.exports = {
  name: 'export',
  synopsis: 'DOC|--all DIR',
  positionals: [1, 2],
  options: { all: { help: 'all documents of the table' }, ...CONCURRENCY },
  summary: 'Writes documents into a folder: plain Yjs updates, and beside them the metas.',
  details: `NAME.yjs is one update (V1) with all there is, deleted content included as far as it is stored; NAME.json has the document's
name and its metas. NAME is the document's name with everything escaped that a file system might not take. A file is
replaced only by a whole one. With --all the whole table is read twice (1 RCU for 4 KB each time).`,
  run
}
