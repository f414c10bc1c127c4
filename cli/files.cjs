'use strict'

/**
 * Documents as files: `BASE.yjs` is a plain Yjs update (V1), `BASE.json` has the document's name and its metas.
 *
 * The value of a meta is its stored bytes (lib0 `any`) as base64. A document without updates has no `.yjs`: the one of an
 * earlier export is deleted. Every file is written under a temporary name and then renamed.
 */

const fs = require('node:fs/promises')
const path = require('node:path')
const { invalidArgument } = require('../lib/arguments.js')
const { decode } = require('../lib/any.js')
const { validateUpdate } = require('../lib/updates.js')
const { toDocName, toFileName } = require('./file-names.cjs')

const UPDATE = '.yjs'
const METAS = '.json'

/** An update without structs and deletions. */
const EMPTY_UPDATE = Uint8Array.of(0, 0)

/** @param {{ name: string, update: Uint8Array, metas: Map<string, Uint8Array> }} document */
async function writeDocument(folder, { name, update, metas }) {
  const base = path.join(folder, toFileName(name))
  const list = [...metas].map(([key, value]) => ({ key, value: Buffer.from(value).toString('base64') }))
  if (hasContent(update)) await writeAtomically(base + UPDATE, update)
  else await fs.rm(base + UPDATE, { force: true })
  await writeAtomically(base + METAS, JSON.stringify({ name, metas: list }, undefined, 2) + '\n')
  return base
}

/** A crash leaves the previous file, never half of a new one. */
async function writeAtomically(file, content) {
  const temporary = path.join(path.dirname(file), `.${path.basename(file)}.${process.pid}.writing`)
  const handle = await fs.open(temporary, 'w')
  try {
    await handle.writeFile(content)
    await handle.sync()
  } finally {
    await handle.close()
  }
  await fs.rename(temporary, file)
}

/** Creates a folder for files, unless it exists. */
async function createFolder(folder) {
  try {
    await fs.mkdir(folder, { recursive: true })
  } catch (error) {
    throw invalidArgument(
      error.code === 'EEXIST' || error.code === 'ENOTDIR'
        ? `${folder} cannot be a folder: there is a file of that name`
        : `cannot create folder ${folder} (${error.code})`
    )
  }
}

/** The documents of a folder or of one file, as paths without an extension. @returns {Promise<string[]>} */
async function listDocuments(place) {
  const { isDirectory, isFile } = await kindOf(place)
  if (isFile) return [withoutExtension(place)]
  if (!isDirectory) throw invalidArgument(`${place} is neither a file nor a folder`)
  const bases = new Set()
  for (const file of await fs.readdir(place)) {
    const base = withoutExtension(file)
    // A temporary file begins with a dot.
    if (base !== file && !file.startsWith('.')) bases.add(path.join(place, base))
  }
  return [...bases].sort()
}

function withoutExtension(file) {
  const extension = [UPDATE, METAS].find(each => file.endsWith(each)) ?? ''
  return file.slice(0, file.length - extension.length)
}

async function kindOf(place) {
  try {
    const found = await fs.stat(place)
    return { isDirectory: found.isDirectory(), isFile: found.isFile() }
  } catch (error) {
    throw invalidArgument(
      error.code === 'ENOENT' ? `there is no file or folder ${place}` : `cannot read ${place} (${error.code})`
    )
  }
}

/**
 * Reads a document from its files and validates all of it.
 *
 * @throws {PersistenceError} `ERR_INVALID_ARGUMENT`, `ERR_INVALID_UPDATE`
 */
async function readDocument(base, givenName) {
  const [json, found] = await Promise.all([readIfExists(base + METAS), readIfExists(base + UPDATE)])
  const { name = toDocName(path.basename(base)), metas } =
    json === undefined ? { metas: new Map() } : parseMetas(json, base)
  if ((givenName ?? name) === undefined) {
    const file = found === undefined ? base : base + UPDATE
    throw invalidArgument(
      `${file} has no ${METAS} file beside it, and its name is not one that export writes: import it alone, with --name DOC`
    )
  }
  const update = found ?? (json === undefined ? await fs.readFile(base) : EMPTY_UPDATE)
  validateUpdate(update)
  return { name: givenName ?? name, update, metas }
}

function parseMetas(json, base) {
  const refuse = what => {
    throw invalidArgument(`${path.basename(base)}${METAS} ${what}`)
  }
  let content
  try {
    content = JSON.parse(json.toString())
  } catch (error) {
    refuse(`is not JSON: ${error.message}`)
  }
  if (typeof content?.name !== 'string' || !Array.isArray(content.metas))
    refuse('does not have the form { name, metas: [{ key, value }] }')
  const metas = new Map()
  for (const { key, value } of content.metas) {
    const bytes = typeof value === 'string' ? Buffer.from(value, 'base64') : undefined
    if (typeof key !== 'string' || bytes?.toString('base64') !== value)
      refuse('has a meta that is not { key, value } with a base64 value')
    if (metas.has(key)) refuse(`has the meta ${JSON.stringify(key)} twice`)
    try {
      decode(bytes)
    } catch (error) {
      refuse(`has a meta ${JSON.stringify(key)} whose value is not a lib0 value: ${error.message}`)
    }
    metas.set(key, bytes)
  }
  return { name: content.name, metas }
}

async function readIfExists(file) {
  try {
    return await fs.readFile(file)
  } catch (error) {
    if (error.code === 'ENOENT') return undefined
    throw error
  }
}

function hasContent(update) {
  return Buffer.compare(update, EMPTY_UPDATE) !== 0
}

module.exports = {
  EMPTY_UPDATE,
  createFolder,
  hasContent,
  listDocuments,
  readDocument,
  writeAtomically,
  writeDocument
}
