'use strict'

/**
 * File names for document names, valid and distinct on every file system.
 *
 * Lower-case ASCII letters, digits, `_` and `-` stay as they are. Every other byte of the UTF-8 becomes `%` and two hex
 * digits, so that names that differ only in case become different files and no name contains a separator. The first
 * character of a name that Windows reserves is escaped. A name that is too long is cut and ends with `~` and its SHA-256;
 * the JSON file beside it has the full name.
 */

const { createHash } = require('node:crypto')

/** File systems allow 255 bytes, of which the extension and the suffix of a temporary file need some. */
const MAX_BASE_LENGTH = 200
const KEPT_OF_LONG_NAME = 100

const RESERVED = /^(con|prn|aux|nul|com\d|lpt\d)$/

/** The file name without an extension. @param {string} docName */
function toFileName(docName) {
  const bytes = Buffer.from(docName)
  const encoded = Array.from(bytes, byte => {
    const char = String.fromCharCode(byte)
    return /[a-z0-9_-]/.test(char) ? char : escape(byte)
  }).join('')
  if (encoded.length > MAX_BASE_LENGTH) {
    const kept = encoded.slice(0, KEPT_OF_LONG_NAME).replace(/%.?$/, '')
    return `${kept}~${createHash('sha256').update(bytes).digest('hex')}`
  }
  return RESERVED.test(encoded) ? escape(bytes[0]) + encoded.slice(1) : encoded
}

/** The document's name; undefined if it cannot be derived from the file name. */
function toDocName(fileName) {
  if (!/^(?:[a-z0-9_-]|%[0-9A-F]{2})+$/.test(fileName)) return undefined
  const bytes = Buffer.from(
    fileName.replace(/%(..)|[^%]/g, (char, hex) => hex ?? char.charCodeAt(0).toString(16)),
    'hex'
  )
  const name = bytes.toString()
  return Buffer.from(name).equals(bytes) ? name : undefined
}

function escape(byte) {
  return '%' + byte.toString(16).toUpperCase().padStart(2, '0')
}

module.exports = { toDocName, toFileName }
