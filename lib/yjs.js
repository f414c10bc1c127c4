'use strict'

/**
 * Uses yjs: finds the copy to which a document belongs, creates documents from stored bytes, applies stored bytes to a
 * document. Knows no table.
 *
 * A process can load several copies of yjs (as CommonJS, as ES module, of another version). A document does not recognise
 * structs of another copy and later drops them. So each document is used with its own copy only.
 */

const { PersistenceError } = require('./errors.js')
const { invalidArgument } = require('./arguments.js')
const { invokeCallback } = require('./callback.js')
const { isBundled } = require('./bundled.js')
const { loadCopy, reportSecondCopy } = require('./yjs-copies.js')

class Yjs {
  #given
  #loadEntry

  /**
   * @param [given] `config.Y`
   * @param loadEntry returns the yjs of the package's entry, or a promise of it
   */
  constructor(given, loadEntry) {
    this.#given = given
    this.#loadEntry = loadEntry
  }

  /** The yjs to create documents with. */
  async load(docName) {
    if (this.#given !== undefined) return this.#given
    try {
      const { Y, isSecond } = await loadCopy(this.#loadEntry)
      if (isSecond) reportSecondCopy()
      return Y
    } catch (cause) {
      throw new PersistenceError(
        'getYDoc needs yjs, which cannot be loaded: npm install yjs, or give it as config.Y',
        { code: 'ERR_INVALID_ARGUMENT', docName, retryable: false, cause }
      )
    }
  }

  /**
   * The yjs to which `ydoc` belongs. The ES module is tried last, because it may have to be loaded for that. In a
   * bundle the cache of modules is not Node's, and the entry has the copy that the bundler chose for all.
   */
  async of(ydoc, docName) {
    let cause
    const inBundle = () => (isBundled ? this.#loadEntry() : undefined)
    for (const find of [() => this.#given, inBundle, loadedCommonJs, () => import('yjs')]) {
      try {
        const { Y } = await loadCopy(find)
        if (isOf(Y, ydoc)) return Y
      } catch (error) {
        cause = error
      }
    }
    throw new PersistenceError(
      'the yjs to which the document belongs is not found: set config.Y to it. If a bundler packed yjs or y-dynamodb, mark both as external',
      { code: 'ERR_INVALID_ARGUMENT', docName, retryable: false, cause }
    )
  }
}

/** The CommonJS yjs, if it is loaded. */
function loadedCommonJs() {
  return require.cache[require.resolve('yjs')]?.exports
}

function isOf(Y, ydoc) {
  return typeof Y?.Doc === 'function' && typeof Y.encodeStateAsUpdate === 'function' && ydoc instanceof Y.Doc
}

function checkDocOptions(options, docName) {
  if (options == null || typeof options === 'boolean' || typeof options === 'object') return
  throw invalidArgument('the second argument of getYDoc is neither options for Y.Doc nor a boolean', docName)
}

function toDoc(Y, options, update, docName) {
  const doc = new Y.Doc(typeof options === 'object' && options !== null ? options : undefined)
  apply(Y, doc, update, undefined, docName)
  return doc
}

/**
 * Applies what is stored. An error that a listener of the application throws meanwhile becomes an uncaught exception.
 *
 * @throws {PersistenceError} `ERR_CORRUPT`
 */
function apply(Y, ydoc, update, origin, docName) {
  try {
    Y.applyUpdate(ydoc, update, origin)
  } catch (cause) {
    if (isApplicable(Y, ydoc, update))
      return invokeCallback(() => {
        throw cause
      })
    throw new PersistenceError('Yjs cannot apply what is stored', {
      code: 'ERR_CORRUPT',
      docName,
      retryable: false,
      cause
    })
  }
}

/** Whether a document with the same content and without listeners accepts the update. */
function isApplicable(Y, ydoc, update) {
  const doc = new Y.Doc()
  try {
    Y.applyUpdate(doc, Y.encodeStateAsUpdate(ydoc))
    Y.applyUpdate(doc, update)
    return true
  } catch {
    return false
  } finally {
    doc.destroy()
  }
}

module.exports = { Yjs, apply, checkDocOptions, toDoc }
