'use strict'

/** What `import` and `migrate` share: the option for metas, and how a stored document is told. */

const { alarming, printable } = require('./output.cjs')

const OVERWRITE_METAS = { 'overwrite-metas': { help: 'replace metas that the table has with another value (default: keep them)' } }

/** @param {{ storedBytes: number, storedMetas: number, keptMetas: string[] }} stored */
async function reportStored (context, { name, update, metas }, { storedBytes, storedMetas, keptMetas }) {
  if (keptMetas.length > 0) context.found()
  const what = storedBytes === 0 && storedMetas === 0
    ? 'is there already'
    : `stored ${storedBytes} of ${update.length} bytes, ${storedMetas} of ${metas.size} metas, verified`
  await context.output.result(
    { name, bytes: update.length, metas: metas.size, storedBytes, storedMetas, keptMetas },
    `${printable(name)}: ${what}`,
    ...keptMetas.map(key => alarming(`${printable(name)}: meta ${printable(key)} is another one in the table and was kept`)))
}

module.exports = { OVERWRITE_METAS, reportStored }
