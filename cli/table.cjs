'use strict'

/**
 * A table as the commands see it: the native addon without the face of the API. What the API does not show (items, damage,
 * quarantine) is here, and metas as bytes.
 *
 * Nothing is created and nothing is merged in the background: a command does what it says.
 */

const fs = require('node:fs')
const { Addon } = require('../lib/addon.js')
const { invalidArgument } = require('../lib/arguments.js')
const { normalise } = require('../lib/config.js')
const diagnostics = require('../lib/diagnostics.js')

/** The state vector of a peer that has nothing. */
const NOTHING_KNOWN = Uint8Array.of(0)

class Table {
  #addon
  #creates

  constructor(config) {
    this.#creates = !config.skipCreateTable
    const { options } = normalise(config)
    this.#addon = new Addon(options, undefined, event => diagnostics.tell(event, config.tableName))
  }

  /** All items of the table, those of a document side by side. Reads the whole table. */
  async *items() {
    let after
    do {
      const page = await this.#ask(undefined, 'items', after)
      yield* page.entries
      after = page.next
    } while (after != null)
  }

  /** The documents that have any item of ours, each with all its items. Reads the whole table. */
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

  /** All updates of a document as one. */
  read(name) {
    return this.#ask(name, 'diff', name, NOTHING_KNOWN, false)
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

  getMeta(name, key) {
    return this.#ask(name, 'getMeta', name, key, false)
  }

  /** The log clock of what all updates became; null where there are none. */
  compact(name) {
    return this.#ask(name, 'flush', name, false)
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
      if (error.code === 'ERR_TABLE' && !this.#creates)
        error.message += ' (y-dynamodb create-table makes one that is missing)'
      throw error
    }
  }
}

/**
 * The table that the options name.
 *
 * @throws {PersistenceError} `ERR_INVALID_ARGUMENT` for a file that is not there: opening it would make it
 */
function openTable({ table, region, endpoint, profile }, { create = false, ...more } = {}) {
  const file = fileOf(endpoint)
  if (!create && file !== undefined && !fs.existsSync(file)) {
    throw invalidArgument(`there is no file ${file}: y-dynamodb create-table makes it`)
  }
  return new Table({
    tableName: table,
    skipCreateTable: !create,
    // Nobody waits for a command as for a keystroke; what is deleted stays readable until someone asks for less.
    gc: false,
    compactionItems: 0,
    ...more,
    aws: { region: region ?? regionOf(endpoint), endpoint, profile }
  })
}

/** An embedded table is in no region, and asks for none. */
function regionOf(endpoint) {
  return fileOf(endpoint) === undefined ? undefined : 'local'
}

/** The path in `file:PATH` or `file://PATH`. */
function fileOf(endpoint) {
  return /^file:(?:\/\/)?(.+)$/s.exec(endpoint ?? '')?.[1]
}

module.exports = { openTable }
