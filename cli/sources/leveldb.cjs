'use strict'

/**
 * A source for `migrate`: a store of y-leveldb. Reads its stored updates and metas, and writes nothing.
 *
 * The methods of y-leveldb are not used: they merge through a `Y.Doc`, write the result back, and turn a failure into a
 * warning and `null`.
 */

const fs = require('node:fs')
const path = require('node:path')
const { invalidArgument } = require('../../lib/arguments.js')
const { PersistenceError } = require('../../lib/errors.js')
const { mergeUpdatesAsync } = require('../../lib/updates.js')

class LevelDb {
  #store
  #getLevelUpdates

  constructor(folder) {
    // LevelDB creates a store if the folder has none.
    if (!fs.existsSync(path.join(folder, 'CURRENT')))
      throw invalidArgument(`${folder} is not a LevelDB store: it has no file CURRENT`)
    const { LeveldbPersistence, getLevelUpdates } = load()
    this.#store = new LeveldbPersistence(folder)
    this.#getLevelUpdates = getLevelUpdates
  }

  /** The names of all documents, including those that only have metas. */
  names() {
    return this.#run(async db => {
      const names = new Set()
      for await (const [version, name] of db.keys()) if (version === 'v1') names.add(name)
      return [...names]
    })
  }

  /** @returns {Promise<{ name: string, update: Uint8Array, metas: Map<string, Uint8Array> }>} */
  read(name) {
    return this.#run(async db => {
      const updates = await this.#getLevelUpdates(db, name)
      const metas = new Map()
      const range = { gte: ['v1', name, 'meta', ''], lt: ['v1', name, 'metb'] }
      for await (const [key, value] of db.iterator(range)) metas.set(key[3], value)
      return { name, update: await mergeUpdatesAsync(updates.map(bytes), { gc: false }), metas }
    })
  }

  async close() {
    await this.#store.destroy()
  }

  /** Rejects if `work` does; `_transact` of the store would only warn. */
  async #run(work) {
    const { value, error } = await this.#store._transact(db =>
      work(db).then(
        value => ({ value }),
        error => ({ error })
      )
    )
    if (error === undefined) return value
    if (error instanceof PersistenceError) throw error
    const cause = error.cause ?? error
    throw new PersistenceError(
      `the LevelDB store cannot be read: ${cause.message} (stop the server that has it open)`,
      { code: 'ERR_SOURCE', cause: error }
    )
  }
}

function bytes(value) {
  return new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
}

function load() {
  try {
    return require('y-leveldb')
  } catch (cause) {
    throw invalidArgument(
      `--from leveldb: needs y-leveldb, which cannot be loaded (${cause.code ?? cause.message}): npm install y-leveldb`
    )
  }
}

module.exports = { LevelDb }
