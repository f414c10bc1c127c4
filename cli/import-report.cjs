'use strict'

/** How `import` and `migrate` print a document that they have compared with the table. */

const { hasContent } = require('./files.cjs')
const { highlight, pluralize, printable } = require('./format.cjs')

/** @param {{ storedBytes: number, storedMetas: number, keptMetas: string[] }} stored */
async function reportImport(context, document, { storedBytes, storedMetas, keptMetas }) {
  const { name, update, metas, quarantined = 0 } = document
  if (keptMetas.length > 0) context.setFailed()
  await context.output.result(
    { name, bytes: update.length, metas: metas.size, storedBytes, storedMetas, keptMetas, quarantined },
    `${printable(name)}: ${outcomeOf(document, { storedBytes, storedMetas })}`,
    ...quarantineNotice(document),
    ...keptMetas.map(key =>
      highlight(
        `${printable(name)}: meta ${printable(key)} has another value in the table, which was kept (--overwrite-metas replaces it)`
      )
    )
  )
}

function outcomeOf({ update, metas }, { storedBytes, storedMetas }) {
  if (!hasContent(update) && metas.size === 0) return 'nothing to store'
  if (storedBytes === 0 && storedMetas === 0) return 'already in the table'
  return `stored ${storedBytes} of ${pluralize(update.length, 'byte')}, ${storedMetas} of ${pluralize(metas.size, 'meta')}, verified`
}

/** Says that items in quarantine are not copied. */
function quarantineNotice({ name, quarantined = 0 }) {
  if (quarantined === 0) return []
  return [
    highlight(
      `${printable(name)}: ${pluralize(quarantined, 'item')} in quarantine not copied (repair DOC --extract DIR writes them to files)`
    )
  ]
}

module.exports = { quarantineNotice, reportImport }
