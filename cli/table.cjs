'use strict'

/**
 * The table of a command: calls the native addon directly, because the API has neither items, damage and quarantine nor
 * the bytes of metas.
 *
 * No background compaction runs, and only `create-table` creates a table.
 */

const { Addon, EMPTY_STATE_VECTOR } = require('../lib/addon.js')
const { normalise } = require('../lib/config.js')
const diagnostics = require('../lib/diagnostics.js')
const { checkDatabaseFile, filePathOf } = require('./database-file.cjs')

class Table {
  #addon
  #create

  constructor(config) {
    this.#create = !config.skipCreateTable
    const { options } = normalise(config)
    this.#addon = new Addon(options, undefined, event => diagnostics.publish(event, config.tableName))
  }

  /** All items of the table; those of one document are adjacent. Scans the whole table. */
  async *items() {
    try {
      yield* this.#addon.list('items')
    } catch (error) {
      throw this.#withAdvice(error)
    }
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
    return this.#call(name, 'diff', EMPTY_STATE_VECTOR, false)
  }

  /** @returns {Promise<Map<string, Uint8Array>>} */
  async metas(name) {
    const metas = await this.#call(name, 'getMetas', false)
    return new Map(metas.map(({ key, value }) => [key, value]))
  }

  store(name, update) {
    return this.#call(name, 'storeUpdate', update, false)
  }

  setMeta(name, key, bytes) {
    return this.#call(name, 'setMeta', key, bytes, false)
  }

  /** Resolves when the table is ACTIVE and its keys are checked; creates it first if it was opened so. */
  async prepare() {
    // Any call waits for that. It is about no document: its errors name none.
    try {
      await this.#addon.call('getMeta', 'y-dynamodb', 'create-table', false)
    } catch (error) {
      throw this.#withAdvice(error)
    }
  }

  /**
   * Merges all updates of a document; null if it is missing.
   *
   * @returns {Promise<{ clock: number, changed: boolean, itemsBefore: number, itemsAfter: number, bytesBefore: number, bytesAfter: number } | null>}
   */
  compact(name) {
    return this.#call(name, 'compact')
  }

  verify(name) {
    return this.#call(name, 'verify')
  }

  repair(name) {
    return this.#call(name, 'repair')
  }

  quarantined(name) {
    return this.#call(name, 'quarantined')
  }

  stats() {
    return diagnostics.toStats(this.#addon.stats())
  }

  close() {
    return this.#addon.close()
  }

  async #call(name, method, ...args) {
    try {
      return await this.#addon.callFor(name, method, ...args)
    } catch (error) {
      throw this.#withAdvice(error)
    }
  }

  #withAdvice(error) {
    if (error.code === 'ERR_TABLE' && !this.#create)
      error.message += ' (y-dynamodb create-table makes one that is missing)'
    return error
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
