'use strict'

/**
 * The documents that servers hold in memory and bound to the table. Promises nothing to reject to those who do not catch:
 * what goes wrong is told to `config.onError`.
 *
 * What belongs to a document hangs on the `Y.Doc` itself, not on its name: a server can have two of one name, one that is
 * leaving and one that has just come. By name only this is known: what is not stored yet, in the one writer that tries to store
 * it, for the one that comes.
 */

const { checkDocName, describe, invalidArgument } = require('./arguments.js')
const { BoundDocument } = require('./bound.js')
const { closed } = require('./errors.js')
const { IterableWeakSet } = require('./iterable-weak-set.js')
const { Writer } = require('./writer.js')

/** The bound documents of each persistence, for the entries of servers. */
const documentsOf = new WeakMap()

class Documents {
  /** `Y.Doc` → BoundDocument */
  #bound = new WeakMap()
  #loading = new Set()
  /** Bound documents that a clear concerns: neither destroyed nor cleared before. */
  #alive = new IterableWeakSet()
  /** Document name → Writer with something that is not stored. */
  #unsettled = new Map()
  /** Bound documents in which yjs keeps something back that may not be stored. */
  #holding = new Set()
  #tell
  #checkOpen
  #table

  /**
   * @param table `store(docName, update)` and `load(docName)`, which reject; `checkOpen(docName)`, which throws once the
   *   persistence is closed; `tell(error, context)`; `yjs`, a Yjs; `gc`
   */
  constructor(table) {
    this.#tell = table.tell
    this.#checkOpen = table.checkOpen
    this.#table = {
      ...table,
      origin: Symbol('loaded by y-dynamodb'),
      unsettled: this.#unsettled,
      writer: docName => this.#unsettled.get(docName) ?? new Writer(docName, this.#table),
      alive: this.#alive,
      holding: this.#holding
    }
  }

  /** Resolves when the document is loaded, or never will be. */
  async bind(docName, ydoc) {
    this.#unbindCleared(ydoc)
    const bound = this.#bind(docName, ydoc, { isRetrying: true })
    // A failure was told, and is there for those who ask whenBound.
    await bound?.loaded.catch(() => {})
  }

  /** As `bind`, but with one attempt: rejects if the document cannot be loaded now, and leaves it alone then. */
  async bindOnce(docName, ydoc) {
    this.#unbindCleared(ydoc)
    this.#check(docName, ydoc)
    const bound = this.#bind(docName, ydoc, { isRetrying: false })
    try {
      await bound.loaded
    } catch (error) {
      this.#bound.delete(ydoc)
      throw error
    }
  }

  async whenBound(ydoc) {
    const bound = this.#bound.get(ydoc)
    if (bound !== undefined) return bound.loaded
    this.#checkOpen()
    throw invalidArgument('the document was not given to bindState')
  }

  async write(docName, ydoc) {
    const bound = this.#bind(docName, ydoc, { isRetrying: true })
    await bound?.written()
  }

  /** Resolves with true when all that was told of the document is stored, with false after an attempt that failed. */
  async tried(ydoc) {
    return this.#bound.get(ydoc)?.tried() ?? true
  }

  /** As `tried`, for all documents. */
  async allTried() {
    await this.#storeUntold()
    await Promise.all([...this.#unsettled.values()].map(writer => writer.tried()))
  }

  /**
   * Waits for a clear that has been called, and ends the bindings that it concerns. What changes in these documents depends on
   * content that is being deleted, so nothing of them is stored any more, even if the clear fails halfway.
   *
   * @param {Promise<void>} clearing
   * @param {{ docName?: string, operation: string, isQueued: boolean }} call `docName`: of all documents if it is absent;
   *   `isQueued`: documents that are bound from now on are read after the clear
   */
  async clear(clearing, { docName, operation, isQueued }) {
    this.#clear(clearing, docName, operation)
    try {
      await clearing
    } finally {
      if (!isQueued) this.#clear(clearing, docName, operation)
    }
  }

  #clear(clearing, docName, operation) {
    const isConcerned = each => docName === undefined || each.docName === docName
    for (const writer of [...this.#unsettled.values()].filter(isConcerned)) writer.discard(clearing)
    for (const bound of [...this.#alive].filter(isConcerned)) bound.clear(operation)
  }

  stats() {
    const waiting = [...this.#unsettled.values()].flatMap(writer => writer.unstored)
    return {
      loading: this.#loading.size,
      waitingDocuments: this.#unsettled.size,
      waitingUpdates: waiting.length,
      waitingBytes: waiting.reduce((sum, update) => sum + update.length, 0)
    }
  }

  /** Attempts under way end, what is not stored is tried once more, and then given up. */
  async close() {
    for (const bound of this.#loading) bound.end(closed(bound.docName))
    await Promise.allSettled([...this.#loading].map(bound => bound.loaded))
    await this.#storeUntold()
    await Promise.all([...this.#unsettled.values()].map(writer => writer.close()))
  }

  async #storeUntold() {
    await Promise.all([...this.#holding].map(bound => bound.storeUntold()))
  }

  #bind(docName, ydoc, options) {
    try {
      this.#check(docName, ydoc)
    } catch (error) {
      this.#tell(error, { docName, operation: 'bindState' })
      return undefined
    }
    const known = this.#bound.get(ydoc)
    if (known !== undefined) return known
    const bound = new BoundDocument(docName, ydoc, this.#table, options)
    this.#bound.set(ydoc, bound)
    this.#loading.add(bound)
    const isOver = () => this.#loading.delete(bound)
    bound.loaded.then(isOver, isOver)
    return bound
  }

  /** A document that was cleared can be bound again: all that it holds is stored then. */
  #unbindCleared(ydoc) {
    if (this.#bound.get(ydoc)?.isCleared) this.#bound.delete(ydoc)
  }

  #check(docName, ydoc) {
    checkDocName(docName)
    if (typeof ydoc?.on !== 'function')
      throw invalidArgument(`the document is not a Y.Doc but ${describe(ydoc)}`, docName)
    const known = this.#bound.get(ydoc)
    if (known !== undefined && known.docName !== docName) {
      throw invalidArgument(`the document is bound to the name ${JSON.stringify(known.docName)}`, docName)
    }
    if (known === undefined) this.#checkOpen(docName)
  }
}

module.exports = { Documents, documentsOf }
