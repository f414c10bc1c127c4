'use strict'

/**
 * Names of files for names of documents: any name, on any file system.
 *
 * Lower-case ASCII letters, digits, `_` and `-` stand for themselves, every other byte of the UTF-8 is `%` and two hex
 * digits: so names that differ in case only stay two files, and nothing is a separator. What Windows reserves begins with
 * an escape. A name too long for a file is cut and ends with `~` and its SHA-256; the JSON file beside it has it in full.
 */

const { createHash } = require('node:crypto')

/** File systems take 255 bytes; an extension and the mark of a file in writing come on top. */
const MAX_BASE_LENGTH = 200
const KEPT_OF_LONG_NAME = 100

const RESERVED = /^(con|prn|aux|nul|com\d|lpt\d)$/

/** @param {string} docName */
function toBase(docName) {
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

/** The document's name; undefined where the base does not tell it. */
function toDocName(base) {
  if (!/^(?:[a-z0-9_-]|%[0-9A-F]{2})+$/.test(base)) return undefined
  const bytes = Buffer.from(
    base.replace(/%(..)|[^%]/g, (char, hex) => hex ?? char.charCodeAt(0).toString(16)),
    'hex'
  )
  const name = bytes.toString()
  return Buffer.from(name).equals(bytes) ? name : undefined
}

function escape(byte) {
  return '%' + byte.toString(16).toUpperCase().padStart(2, '0')
}

module.exports = { toBase, toDocName }
