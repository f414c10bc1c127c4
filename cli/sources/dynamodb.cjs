'use strict'

/** Another table as a source: one of the original package, or of this one. Writes nothing. */

const { openTable } = require('../table.cjs')
const { isThere } = require('../summary.cjs')

class DynamoDb {
  #table

  /** @param {{ table: string, region?: string, endpoint?: string, profile?: string }} options */
  constructor (options) {
    this.#table = openTable(options)
  }

  async * names () {
    for await (const { name, items } of this.#table.documents()) if (isThere(items)) yield name
  }

  async read (name) {
    const [update, metas] = await Promise.all([this.#table.read(name), this.#table.metas(name)])
    return { name, update, metas }
  }

  close () {
    return this.#table.close()
  }
}

module.exports = { DynamoDb }
