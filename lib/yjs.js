'use strict'

/**
 * Everything that touches yjs: finding the copy of it that a document is of, making documents of stored bytes, applying
 * stored bytes to a document. Knows no table.
 *
 * A process can hold several copies of yjs (as CommonJS, as ES module, another version). Structs of one copy are foreign to a
 * document of another, and such a document loses content later on: so a document is only ever touched with its own copy.
 */

const { PersistenceError } = require('./errors.js')
const { invalidArgument } = require('./arguments.js')
const { invokeCallback } = require('./callback.js')

class Yjs {
  #given
  #loadEntry

  /**
   * @param given `config.Y`, where there is one
   * @param loadEntry gives the yjs of the package's entry, or a promise of it
   */
  constructor(given, loadEntry) {
    this.#given = given
    this.#loadEntry = loadEntry
  }

  /** The yjs to make documents with. */
  async load(docName) {
    if (this.#given !== undefined) return this.#given
    try {
      return await this.#loadEntry()
    } catch (cause) {
      throw new PersistenceError(
        'getYDoc needs yjs, which cannot be loaded: npm install yjs, or give it as config.Y',
        { code: 'ERR_INVALID_ARGUMENT', docName, retryable: false, cause }
      )
    }
  }

  /** The yjs that `ydoc` is of. A second copy would print a warning: where the document is of the CommonJS one, no other is loaded. */
  async of(ydoc, docName) {
    let cause
    for (const find of [() => this.#given, loadedCommonJs, () => import('yjs')]) {
      try {
        const Y = await find()
        if (isOf(Y, ydoc)) return Y
      } catch (error) {
        cause = error
      }
    }
    throw new PersistenceError('the yjs that the document is of is not found here: give it as config.Y', {
      code: 'ERR_INVALID_ARGUMENT',
      docName,
      retryable: false,
      cause
    })
  }
}

/** yjs as CommonJS, if somebody has loaded it. */
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
 * Applies what is stored. What the application's own listeners throw meanwhile is no fault of the stored bytes.
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
    throw new PersistenceError('yjs cannot apply what is stored', {
      code: 'ERR_CORRUPT',
      docName,
      retryable: false,
      cause
    })
  }
}

/** Whether a document of the same content, to which nobody listens, takes the update. */
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
