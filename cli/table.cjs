'use strict'

/**
 * The table of a command: calls the native addon directly, because the API has neither items, damage and quarantine nor
 * the bytes of metas.
 *
 * No background compaction runs, and only `create-table` creates a table.
 */

const { Addon } = require('../lib/addon.js')
const { normalise } = require('../lib/config.js')
const diagnostics = require('../lib/diagnostics.js')
const { checkDatabaseFile, filePathOf } = require('./database-file.cjs')

/** The state vector of an empty document. */
const EMPTY_STATE_VECTOR = Uint8Array.of(0)

class Table {
  #addon
  #create

  constructor(config) {
    this.#create = !config.skipCreateTable
    const { options } = normalise(config)
    this.#addon = new Addon(options, undefined, event => diagnostics.tell(event, config.tableName))
  }

  /** All items of the table; those of one document are adjacent. Scans the whole table. */
  async *items() {
    let after
    do {
      const page = await this.#ask(undefined, 'items', after)
      yield* page.entries
      after = page.next
    } while (after != null)
  }

  /** The documents, each with all its items; items of other software are skipped. Scans the whole table. */
  async *documents() {
    let document
    for await (const item of this.items()) {
      if (item.kind === 'foreign') continue
      if (document?.name !== item.doc) {
        if (document !== undefined) yield document
        document = { name: item.doc, items: [] }
      }
      document.items.push(item)
    }
    if (document !== undefined) yield document
  }

  /** All updates of a document, merged. */
  read(name) {
    return this.#ask(name, 'diff', name, EMPTY_STATE_VECTOR, false)
  }

  /** @returns {Promise<Map<string, Uint8Array>>} */
  async metas(name) {
    const metas = await this.#ask(name, 'getMetas', name, false)
    return new Map(metas.map(({ key, value }) => [key, value]))
  }

  store(name, update) {
    return this.#ask(name, 'storeUpdate', name, update, false)
  }

  setMeta(name, key, bytes) {
    return this.#ask(name, 'setMeta', name, key, bytes, false)
  }

  /** Resolves when the table is ACTIVE and its keys are checked; creates it first if it was opened so. */
  prepare() {
    // Any call waits for that.
    return this.#ask(undefined, 'getMeta', 'y-dynamodb', 'create-table', false)
  }

  /**
   * Merges all updates of a document; null if it is missing.
   *
   * @returns {Promise<{ clock: number, changed: boolean, itemsBefore: number, itemsAfter: number, bytesBefore: number, bytesAfter: number } | null>}
   */
  compact(name) {
    return this.#ask(name, 'compact', name)
  }

  verify(name) {
    return this.#ask(name, 'verify', name)
  }

  repair(name) {
    return this.#ask(name, 'repair', name)
  }

  quarantined(name) {
    return this.#ask(name, 'quarantined', name)
  }

  stats() {
    return diagnostics.toStats(this.#addon.stats())
  }

  close() {
    return this.#addon.close()
  }

  async #ask(docName, method, ...args) {
    try {
      return await this.#addon.ask(docName, method, ...args)
    } catch (error) {
      if (error.code === 'ERR_TABLE' && !this.#create)
        error.message += ' (y-dynamodb create-table makes one that is missing)'
      throw error
    }
  }
}

/**
 * Opens the table that the options name.
 *
 * @throws {PersistenceError} `ERR_INVALID_ARGUMENT`
 */
function openTable({ table, region, endpoint, profile }, { create = false, ...more } = {}) {
  const file = filePathOf(endpoint)
  if (file !== undefined) checkDatabaseFile(file, create)
  return new Table({
    tableName: table,
    skipCreateTable: !create,
    // Only `compact --gc` drops deleted content.
    gc: false,
    compactionItems: 0,
    ...more,
    // An embedded database needs no region.
    aws: { region: region ?? (file === undefined ? undefined : 'local'), endpoint, profile }
  })
}

module.exports = { openTable }
