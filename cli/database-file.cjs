'use strict'

/**
 * Checks the file of an embedded database before the addon opens it: opening a missing file would create it, and the
 * database does not say what is wrong with a file.
 */

const fs = require('node:fs')
const path = require('node:path')
const { invalidArgument } = require('../lib/arguments.js')

/** The first bytes of every SQLite file. An empty file is a valid, empty database. */
const MAGIC = Buffer.from('SQLite format 3\0')

/** The path in `file:PATH` or `file://PATH`; undefined for any other endpoint. */
function filePathOf(endpoint) {
  return /^file:(?:\/\/)?(.+)$/s.exec(endpoint ?? '')?.[1]
}

/**
 * @param {string} file
 * @param {boolean} create whether a missing file will be created
 * @throws {PersistenceError} `ERR_INVALID_ARGUMENT` with the file, the cause and what to do
 */
function checkDatabaseFile(file, create) {
  const kind = kindOf(file)
  if (kind === 'folder')
    throw invalidArgument(`${file} is a folder: name a file in it, as in file:${path.join(file, 'docs.db')}`)
  if (kind === 'file') return checkContent(file)
  if (!create) throw invalidArgument(`there is no file ${file}: y-dynamodb create-table creates it`)
  const folder = path.dirname(file)
  if (kindOf(folder) === 'missing')
    throw invalidArgument(`cannot create ${file}: there is no folder ${folder}, create it first`)
  if (kindOf(folder) === 'file') throw invalidArgument(`cannot create ${file}: ${folder} is not a folder`)
  checkWritable(folder, file)
}

function checkContent(file) {
  let start
  try {
    start = readStart(file)
  } catch (error) {
    throw invalidArgument(`cannot read ${file} (${error.code}): check its permissions`)
  }
  if (start.length > 0 && !start.equals(MAGIC)) {
    throw invalidArgument(
      `${file} is not a database of y-dynamodb: choose a file that create-table has created, or a new one`
    )
  }
  // SQLite needs write access to both, even to read: it coordinates processes through files beside the database.
  checkWritable(file, file)
  checkWritable(path.dirname(file), file)
}

function readStart(file) {
  const handle = fs.openSync(file, 'r')
  try {
    const start = Buffer.alloc(MAGIC.length)
    return start.subarray(0, fs.readSync(handle, start, 0, start.length, 0))
  } finally {
    fs.closeSync(handle)
  }
}

function checkWritable(place, file) {
  try {
    fs.accessSync(place, fs.constants.W_OK)
  } catch (error) {
    throw invalidArgument(
      `${place} is not writable (${error.code}), and the database ${file} needs write access even to be read: `
        + 'change the permissions, or copy the file to a folder that is writable'
    )
  }
}

/** @returns {'missing' | 'folder' | 'file'} */
function kindOf(place) {
  try {
    return fs.statSync(place).isDirectory() ? 'folder' : 'file'
  } catch (error) {
    if (error.code === 'ENOENT') return 'missing'
    throw invalidArgument(`cannot open ${place}: ${error.message}`)
  }
}

module.exports = { checkDatabaseFile, filePathOf }
