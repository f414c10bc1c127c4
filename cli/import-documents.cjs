'use strict'

/** What `import` and `migrate` share: they store documents, print a line for each, and a summary. */

const { storeDocument } = require('./copy-document.cjs')
const { hasContent } = require('./files.cjs')
const { forEachDocument } = require('./for-each-document.cjs')
const { failedSuffix, highlight, pluralize, printable } = require('./format.cjs')

/**
 * Reads each of `sources`, stores it in the table, and reports it.
 *
 * @param {Array<T>} sources
 * @param {(source: T) => Promise<object>} read returns the document
 * @param {(source: T) => string} nameOf how a failure names the source
 */
async function importAll(context, table, sources, read, nameOf) {
  const { options, progress } = context
  progress.begin(sources.length)
  const report = new ImportReport(context)
  const importOne = async source => {
    const document = await read(source)
    const stored = await storeDocument(table, document, { overwriteMetas: options['overwrite-metas'] })
    await report.add(document, stored)
  }
  await report.end(await forEachDocument(context, sources, importOne, nameOf))
}

class ImportReport {
  #context
  #documents = 0
  #stored = 0
  #bytes = 0
  #metas = 0

  constructor(context) {
    this.#context = context
  }

  /** @param {{ storedBytes: number, storedMetas: number, keptMetas: string[] }} stored */
  async add(document, { storedBytes, storedMetas, keptMetas }) {
    const { name, update, metas, quarantined = 0 } = document
    this.#documents++
    if (storedBytes > 0 || storedMetas > 0) this.#stored++
    this.#bytes += storedBytes
    this.#metas += storedMetas
    if (keptMetas.length > 0) this.#context.setFailed()
    await this.#context.output.result(
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

  /** @param {number} failures documents that failed */
  async end(failures) {
    const { options, output } = this.#context
    const sizes = `${pluralize(this.#bytes, 'byte')}, ${pluralize(this.#metas, 'meta')}`
    await output.text(
      `${pluralize(this.#documents + failures, 'document')}: ${this.#stored} stored in table ${options.table} (${sizes}), `
        + `${this.#documents - this.#stored} had nothing new${failedSuffix(failures)}`
    )
  }
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

module.exports = { importAll, quarantineNotice }
