'use strict'

/** How a document that was taken elsewhere is told, and the option for metas that `import` and `migrate` share. */

const { counted } = require('./counted.cjs')
const { hasContent } = require('./files.cjs')
const { alarming, printable } = require('./output.cjs')

const OVERWRITE_METAS = {
  'overwrite-metas': { help: 'replace metas that the table has with another value (default: keep them)' }
}

/** @param {{ storedBytes: number, storedMetas: number, keptMetas: string[] }} stored */
async function reportStored(context, document, { storedBytes, storedMetas, keptMetas }) {
  const { name, update, metas, quarantined = 0 } = document
  if (keptMetas.length > 0) context.found()
  await context.output.result(
    { name, bytes: update.length, metas: metas.size, storedBytes, storedMetas, keptMetas, quarantined },
    `${printable(name)}: ${outcomeOf(document, { storedBytes, storedMetas })}`,
    ...quarantineLines(document),
    ...keptMetas.map(key =>
      alarming(`${printable(name)}: meta ${printable(key)} is another one in the table and was kept`)
    )
  )
}

function outcomeOf({ update, metas }, { storedBytes, storedMetas }) {
  if (!hasContent(update) && metas.size === 0) return 'has nothing to store'
  if (storedBytes === 0 && storedMetas === 0) return 'is there already'
  return `stored ${storedBytes} of ${counted(update.length, 'byte')}, ${storedMetas} of ${counted(metas.size, 'meta')}, verified`
}

/** What of a document of a table is left behind. */
function quarantineLines({ name, quarantined = 0 }) {
  if (quarantined === 0) return []
  return [
    alarming(
      `${printable(name)}: ${quarantined} in quarantine: left there (repair DOC --extract DIR copies it)`
    )
  ]
}

module.exports = { OVERWRITE_METAS, quarantineLines, reportStored }
