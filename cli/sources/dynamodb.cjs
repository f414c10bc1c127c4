'use strict'

/** A source for `migrate`: a table of the original package or of this one. Writes nothing. */

const { openTable } = require('../table.cjs')
const { isWorthListing } = require('../summary.cjs')
const { readUndamaged } = require('../read-undamaged.cjs')

class DynamoDb {
  #table

  /** @param {{ table: string, region?: string, endpoint?: string, profile?: string }} options */
  constructor(options) {
    this.#table = openTable(options)
  }

  async *names() {
    for await (const { name, items } of this.#table.documents()) if (isWorthListing(items)) yield name
  }

  read(name) {
    return readUndamaged(this.#table, name)
  }

  close() {
    return this.#table.close()
  }
}

module.exports = { DynamoDb }
