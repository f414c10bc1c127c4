'use strict'

/** Copies documents into a table: stores only what the table lacks, then reads it back and compares it. */

const { PersistenceError } = require('../lib/errors.js')
const { contains, missingFrom } = require('../lib/missing.js')
const { hasContent } = require('./files.cjs')

/**
 * Stores a document. A meta that has another value in the table is kept, unless `overwriteMetas` is set.
 *
 * @param {{ name: string, update: Uint8Array, metas: Map<string, Uint8Array> }} document
 * @returns {Promise<{ storedBytes: number, storedMetas: number, keptMetas: string[] }>} 0 if the table had all
 * @throws {PersistenceError} `ERR_VERIFY` if what was read back differs from what was stored
 */
async function storeDocument(table, { name, update, metas }, { overwriteMetas = false } = {}) {
  const storedBytes = await storeUpdate(table, name, update)
  const existing = await table.metas(name)
  const changed = [...metas].filter(([key, bytes]) => !isSame(existing.get(key), bytes))
  const keptMetas = overwriteMetas ? [] : changed.filter(([key]) => existing.has(key)).map(([key]) => key)
  const stored = changed.filter(([key]) => !keptMetas.includes(key))
  for (const [key, bytes] of stored) await table.setMeta(name, key, bytes)
  await verifyMetas(table, name, stored)
  return { storedBytes, storedMetas: stored.length, keptMetas }
}

async function storeUpdate(table, name, update) {
  const existing = await table.read(name)
  if (!hasContent(update)) return 0
  const missing = await missingFrom([existing], update, { deletedContent: true })
  if (missing === undefined) return 0
  await table.store(name, missing)
  const back = await table.read(name)
  if (!(await contains(back, update)) || !(await contains(back, existing)))
    throw verificationFailed(name, 'updates')
  return missing.length
}

async function verifyMetas(table, name, stored) {
  if (stored.length === 0) return
  const back = await table.metas(name)
  if (!stored.every(([key, bytes]) => isSame(back.get(key), bytes))) throw verificationFailed(name, 'metas')
}

function verificationFailed(docName, what) {
  return new PersistenceError(
    `the ${what} that were read back differ from those that were stored: run the command again, then verify`,
    { code: 'ERR_VERIFY', docName }
  )
}

function isSame(a, b) {
  return a !== undefined && Buffer.compare(a, b) === 0
}

module.exports = { storeDocument }
