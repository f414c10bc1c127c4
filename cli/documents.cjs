'use strict'

/**
 * Documents from elsewhere into a table: only what it lacks is stored, and what was stored is read back and compared.
 */

const { PersistenceError } = require('../lib/errors.js')
const { contains, missingFrom } = require('../lib/missing.js')
const { hasContent } = require('./files.cjs')

/**
 * Stores a document. Metas that the table has with another value are kept as they are, unless `overwriteMetas` is set.
 *
 * @param {{ name: string, update: Uint8Array, metas: Map<string, Uint8Array> }} document
 * @returns {Promise<{ storedBytes: number, storedMetas: number, keptMetas: string[] }>} zero where all of it was there
 * @throws {PersistenceError} `ERR_VERIFY` where what was read back is not what was stored
 */
async function storeDocument(table, { name, update, metas }, { overwriteMetas = false } = {}) {
  const storedBytes = await storeUpdate(table, name, update)
  const there = await table.metas(name)
  const changed = [...metas].filter(([key, bytes]) => !isSame(there.get(key), bytes))
  const keptMetas = overwriteMetas ? [] : changed.filter(([key]) => there.has(key)).map(([key]) => key)
  const stored = changed.filter(([key]) => !keptMetas.includes(key))
  for (const [key, bytes] of stored) await table.setMeta(name, key, bytes)
  await verifyMetas(table, name, stored)
  return { storedBytes, storedMetas: stored.length, keptMetas }
}

async function storeUpdate(table, name, update) {
  const there = await table.read(name)
  if (!hasContent(update)) return 0
  const missing = await missingFrom([there], update, { deletedContent: true })
  if (missing === undefined) return 0
  await table.store(name, missing)
  const back = await table.read(name)
  if (!(await contains(back, update)) || !(await contains(back, there))) throw different(name, 'updates')
  return missing.length
}

async function verifyMetas(table, name, stored) {
  if (stored.length === 0) return
  const back = await table.metas(name)
  if (!stored.every(([key, bytes]) => isSame(back.get(key), bytes))) throw different(name, 'metas')
}

function different(docName, what) {
  return new PersistenceError(
    `the ${what} that were read back are not those that were stored: run the command again, and look at verify`,
    { code: 'ERR_VERIFY', docName }
  )
}

function isSame(a, b) {
  return a !== undefined && Buffer.compare(a, b) === 0
}

module.exports = { storeDocument }
