'use strict'

/**
 * The documents in memory that are bound to the table. Servers do not catch what these methods reject, so failures go to
 * `config.onError`.
 *
 * The state of a document belongs to the `Y.Doc`, not to its name: a server can have two documents of one name, of which one
 * is about to leave memory. Only the pending updates belong to the name, so that the next document of the name gets them.
 */

const { checkDocName, describe, invalidArgument } = require('./arguments.js')
const { BoundDocument } = require('./bound.js')
const { closed } = require('./errors.js')
const { IterableWeakSet } = require('./iterable-weak-set.js')
const { PendingUpdates } = require('./pending-updates.js')

/** The bound documents of each persistence, for the entries of servers. */
const documentsOf = new WeakMap()

class Documents {
  /** `Y.Doc` → BoundDocument */
  #bound = new WeakMap()
  #loading = new Set()
  /** Bound documents that a clear ends: neither destroyed nor cleared before. */
  #active = new IterableWeakSet()
  /** Document name → PendingUpdates that are not empty. */
  #pending = new Map()
  /** Bound documents with unintegrated content that may not be stored. */
  #withUnintegrated = new Set()
  #report
  #checkOpen
  #context

  /**
   * @param context `store(docName, update)` and `load(docName)`, which reject; `checkOpen(docName)`, which throws once the
   *   persistence is closed; `report(error, details)`; `yjs`, a Yjs; `gc`
   */
  constructor(context) {
    this.#report = context.report
    this.#checkOpen = context.checkOpen
    this.#context = {
      ...context,
      origin: Symbol('loaded by y-dynamodb'),
      pending: this.#pending,
      pendingOf: docName => this.#pending.get(docName) ?? new PendingUpdates(docName, this.#context),
      active: this.#active,
      withUnintegrated: this.#withUnintegrated
    }
  }

  /** Resolves when the document is loaded, or when it is certain that it cannot be. */
  async bind(docName, ydoc) {
    this.#unbindCleared(ydoc)
    const bound = this.#bind(docName, ydoc, { isRetrying: true })
    // Already reported; whenBound rejects with it.
    await bound?.loaded.catch(() => {})
  }

  /** As `bind`, with one attempt: if the document cannot be loaded now, rejects and does not bind it. */
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

  /** Resolves when everything that the document holds is stored. Binds a document that is not bound. */
  async write(docName, ydoc) {
    const bound = this.#bind(docName, ydoc, { isRetrying: true })
    await bound?.whenStored()
  }

  /** Resolves with true when all changes of the document are stored, or with false after a failed attempt. */
  async whenAttempted(ydoc) {
    return this.#bound.get(ydoc)?.whenAttempted() ?? true
  }

  /** As `whenAttempted`, for all documents. */
  async whenAllAttempted() {
    await this.#storeUnintegrated()
    await Promise.all([...this.#pending.values()].map(pending => pending.whenAttempted()))
  }

  /**
   * Waits for a clear that has been called, and ends the bindings of its document. Later changes depend on content that is
   * being deleted, so nothing of these documents is stored any more, even if the clear fails halfway.
   *
   * @param {Promise<void>} ended
   * @param {{ docName?: string, operation: string, isQueued: boolean }} call `docName`: absent if all documents are cleared;
   *   `isQueued`: the table is read after the clear for documents that are bound from now on
   */
  async clear(ended, { docName, operation, isQueued }) {
    const clear = { ended, operation }
    this.#clear(docName, clear)
    try {
      await ended
    } finally {
      if (!isQueued) this.#clear(docName, clear)
    }
  }

  stats() {
    const updates = [...this.#pending.values()].flatMap(pending => pending.updates)
    return {
      loading: this.#loading.size,
      waitingDocuments: this.#pending.size,
      waitingUpdates: updates.length,
      waitingBytes: updates.reduce((sum, update) => sum + update.length, 0)
    }
  }

  /** Ends loading, and makes a last attempt to store what is pending. */
  async close() {
    for (const bound of this.#loading) bound.stopLoading(closed(bound.docName))
    await Promise.allSettled([...this.#loading].map(bound => bound.loaded))
    await this.#storeUnintegrated()
    await Promise.all([...this.#pending.values()].map(pending => pending.close()))
  }

  #clear(docName, clear) {
    const isCleared = each => docName === undefined || each.docName === docName
    for (const pending of [...this.#pending.values()].filter(isCleared)) pending.discard(clear)
    for (const bound of [...this.#active].filter(isCleared)) bound.clear(clear.operation)
  }

  async #storeUnintegrated() {
    await Promise.all([...this.#withUnintegrated].map(bound => bound.storeMissed()))
  }

  #bind(docName, ydoc, options) {
    try {
      this.#check(docName, ydoc)
    } catch (error) {
      this.#report(error, { docName, operation: 'bindState' })
      return undefined
    }
    const existing = this.#bound.get(ydoc)
    if (existing !== undefined) return existing
    const bound = new BoundDocument(docName, ydoc, this.#context, options)
    this.#bound.set(ydoc, bound)
    this.#loading.add(bound)
    const onEnd = () => this.#loading.delete(bound)
    bound.loaded.then(onEnd, onEnd)
    return bound
  }

  /** A document that was cleared can be bound again: everything that it holds is stored then. */
  #unbindCleared(ydoc) {
    if (this.#bound.get(ydoc)?.isCleared) this.#bound.delete(ydoc)
  }

  #check(docName, ydoc) {
    checkDocName(docName)
    if (typeof ydoc?.on !== 'function')
      throw invalidArgument(`the document is not a Y.Doc but ${describe(ydoc)}`, docName)
    const existing = this.#bound.get(ydoc)
    if (existing !== undefined && existing.docName !== docName) {
      throw invalidArgument(`the document is bound to the name ${JSON.stringify(existing.docName)}`, docName)
    }
    if (existing === undefined) this.#checkOpen(docName)
  }
}

module.exports = { Documents, documentsOf }
