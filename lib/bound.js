'use strict'

/**
 * One document in memory that is bound to the table: loads what is stored into it, and stores what changes in it.
 *
 * Loading and storing do not wait for each other: updates are stored from the start, and loading is retried until it
 * succeeds. What is loaded is applied with an origin of our own and not stored again. Some content comes without an update
 * event: what the document held before, and what Yjs had not integrated because of a gap. It is compared with what is stored,
 * and stored if the table lacks it.
 */

const { Backoff } = require('./backoff.js')
const { PersistenceError, cleared, closed, isRetried } = require('./errors.js')
const { MergingBuffer } = require('./merging-buffer.js')
const { missingFrom } = require('./missing.js')
const { storable } = require('./salvage.js')
const {
  deleteAllUnwritable,
  deleteObserved,
  deleteUnwritableOf,
  resumeEvents,
  stateBefore
} = require('./unwritable.js')
const { apply } = require('./yjs.js')
const { Unintegrated, makeUnintegratedWritable } = require('./unintegrated.js')

const EMPTY_UPDATE_BYTES = 2

/** The origin of deletions of content that Yjs cannot write. No UndoManager tracks it. */
const DELETION_ORIGIN = Symbol('deleted by y-dynamodb')

class BoundDocument {
  /** Whether the document was cleared in the table: nothing of this binding is stored any more. */
  isCleared = false
  #ydoc
  #context
  #loading = new AbortController()
  #yjs
  /** The updates of events while the document is loading; undefined once it is loaded. */
  #received
  /** Resolves when what the table lacked of the loaded document has been stored. */
  #missingStored = Promise.resolve()
  /** Resolves when what changed without an update event has been stored. */
  #missedStored = Promise.resolve()
  #unintegrated = new Unintegrated()
  /** The transaction of the last update event. */
  #lastTransaction
  #isCheckScheduled = false

  /**
   * @param context `load(docName)`; `pendingOf(docName)`, the PendingUpdates of that name; `report`, `yjs`, `gc`, `origin`,
   *   `checkOpen`; `active`, the set of the bound documents that can be cleared; `withUnintegrated`, the set of those with
   *   unintegrated content that may not be stored
   * @param {{ isRetrying: boolean }} options whether loading is retried
   */
  constructor(docName, ydoc, context, { isRetrying }) {
    this.docName = docName
    this.#ydoc = ydoc
    this.#context = context
    this.#received = new MergingBuffer({ gc: context.gc })
    context.active.add(this)
    this.#listen()
    this.#yjs = context.yjs.of(ydoc, docName)
    /** Resolves when the document is loaded; rejects, after the error was reported, when it never will be. */
    this.loaded = this.#load(isRetrying)
    this.loaded.catch(() => {})
  }

  /** Resolves when everything that the document holds is stored. Never rejects. */
  async whenStored() {
    await this.storeMissed()
    if (!this.isCleared) await this.#context.pendingOf(this.docName).whenStored()
  }

  /** As `whenStored`, but resolves as `PendingUpdates.whenAttempted` does. */
  async whenAttempted() {
    await this.storeMissed()
    return this.isCleared || this.#context.pendingOf(this.docName).whenAttempted()
  }

  /** Ends loading: an attempt in flight is the last one. */
  stopLoading(error) {
    this.#loading.abort(error)
  }

  /** Ends the binding, because the table no longer has what the document holds. Reports that once. */
  clear(operation) {
    const error = cleared(this.docName)
    this.isCleared = true
    this.#release()
    this.stopLoading(error)
    this.loaded = Promise.reject(error)
    this.loaded.catch(() => {})
    this.#context.report(error, { docName: this.docName, operation })
  }

  #release() {
    for (const [event, listener] of this.#listeners()) this.#ydoc.off(event, listener)
    this.#context.withUnintegrated.delete(this)
    this.#context.active.delete(this)
  }

  #listen() {
    for (const [event, listener] of this.#listeners()) this.#ydoc.on(event, listener)
    // A listener may have thrown before the document was bound.
    this.#scheduleCheck()
    if (this.#ydoc.isDestroyed) this.#onDestroy()
  }

  #listeners() {
    return [
      ['beforeAllTransactions', this.#scheduleCheck],
      // Before observers see what a transaction added. The second event comes after observers added more, before `update`.
      ['beforeObserverCalls', this.#onAdded],
      ['afterTransactionCleanup', this.#onObserved],
      ['update', this.#onUpdate],
      ['afterTransaction', this.#onTransaction],
      ['destroy', this.#onDestroy]
    ]
  }

  #scheduleCheck = () => {
    if (this.#isCheckScheduled) return
    this.#isCheckScheduled = true
    queueMicrotask(this.#checkEvents)
  }

  /** If Yjs ended a transaction without its update event, only the document itself has what changed. */
  #checkEvents = () => {
    this.#isCheckScheduled = false
    const stuck = resumeEvents(this.#ydoc)
    const missed = stuck.slice(stuck.indexOf(this.#lastTransaction) + 1)
    this.#lastTransaction = undefined
    if (missed.every(({ origin }) => origin === this.#context.origin)) return
    this.#missedStored = Promise.all([this.#missedStored, this.#storeTransactions(missed)])
  }

  /** Never rejects. */
  async #storeTransactions(transactions) {
    const Y = await this.#yjs.catch(() => undefined)
    if (Y === undefined) return
    const message =
      'a listener of the document or Yjs threw, so that events are missing: what changed is stored from the document itself'
    this.#report(message, { code: 'ERR_INVALID_ARGUMENT' })
    const update = this.#encode(Y, Y.encodeStateVector(stateBefore(transactions)))
    if (update !== undefined && update.length > EMPTY_UPDATE_BYTES) this.#onUpdate(update)
  }

  #onAdded = transaction => {
    this.#reportDeleted(deleteUnwritableOf(transaction))
  }

  #onObserved = transaction => {
    this.#reportDeleted(deleteObserved(transaction))
  }

  #onUpdate = (update, origin, ydoc, transaction) => {
    this.#lastTransaction = transaction
    if (origin === this.#context.origin) return
    try {
      this.#context.checkOpen(this.docName)
    } catch (error) {
      return this.#reportUpdate(error, update)
    }
    this.#store(update)
  }

  /** No update event shows that Yjs has not integrated an update. */
  #onTransaction = () => {
    const { pendingStructs, pendingDs } = this.#ydoc.store
    if (pendingStructs != null || pendingDs != null) this.#context.withUnintegrated.add(this)
    else this.#context.withUnintegrated.delete(this)
  }

  #onDestroy = () => {
    this.stopLoading(closed(this.docName, 'the document was destroyed before it was loaded'))
    const stored = this.#context.withUnintegrated.has(this) ? this.storeMissed() : undefined
    void Promise.allSettled([stored, this.loaded]).then(() => this.#context.active.delete(this))
  }

  #store(update) {
    if (this.isCleared) return
    try {
      const { update: rest, error } = storable(update, this.docName)
      if (error !== undefined) this.#reportUpdate(error, update)
      this.#received?.add(rest)
      this.#context.pendingOf(this.docName).store(rest)
    } catch (error) {
      this.#reportUpdate(error, update)
    }
  }

  #reportUpdate(error, update) {
    this.#context.report(error, { docName: this.docName, operation: 'storeUpdate', update })
  }

  #report(message, details) {
    const error = new PersistenceError(message, { docName: this.docName, retryable: false, ...details })
    this.#context.report(error, { docName: this.docName, operation: 'storeUpdate' })
  }

  /** @param deleted `{ id, cause }` for each struct */
  #reportDeleted(deleted) {
    if (deleted.length === 0) return
    const [
      {
        id: { client, clock },
        cause
      }
    ] = deleted
    const others = deleted.length > 1 ? ` and ${deleted.length - 1} others` : ''
    const message = `the item of client ${client}, clock ${clock}${others} has content that Yjs cannot write: it was deleted from the document`
    this.#report(message, { code: 'ERR_INVALID_UPDATE', cause })
  }

  /** The document, or what `stateVector` lacks of it, as an update; undefined if Yjs cannot write it, which is reported. */
  #encode(Y, stateVector) {
    try {
      return Y.encodeStateAsUpdate(this.#ydoc, stateVector)
    } catch {
      return this.#tryYjs(() => {
        // Such content can come into a document before it is bound.
        this.#reportDeleted(deleteAllUnwritable(this.#ydoc, DELETION_ORIGIN))
        this.#tryYjs(() => makeUnintegratedWritable(Y, this.#ydoc))
        return Y.encodeStateAsUpdate(this.#ydoc, stateVector)
      })
    }
  }

  /** The result of `f`, or undefined if Yjs throws, which is reported. */
  #tryYjs(f) {
    try {
      return f()
    } catch (cause) {
      this.#report(`Yjs cannot write the document: ${cause?.message}`, { code: 'ERR_INVALID_UPDATE', cause })
    }
  }

  async #load(isRetrying) {
    try {
      const Y = await this.#yjs
      const stored = await this.#read(isRetrying)
      this.#apply(Y, stored)
      await this.#missingStored
    } catch (error) {
      if (error !== this.#loading.signal.reason) this.#reportLoad(error)
      if (isRetrying) await this.storeMissed()
      else this.#release()
      throw error
    }
  }

  /** Synchronous: events report all changes of the document before and after this. */
  #apply(Y, stored) {
    const before = this.#encode(Y)
    const received = this.#received.updates
    this.#received = undefined
    this.#missingStored = this.#storeMissing(before, [...stored, ...received])
    for (const update of stored) apply(Y, this.#ydoc, update, this.#context.origin, this.docName)
    this.#tryYjs(() => this.#unintegrated.take(Y, this.#ydoc))
  }

  async #read(isRetrying) {
    const { signal } = this.#loading
    for (const backoff = new Backoff(); ; await backoff.pause(signal)) {
      signal.throwIfAborted()
      // Taken before the read: an update that is stored during the read could be missing in both.
      const { updates } = this.#context.pendingOf(this.docName)
      try {
        const stored = await this.#context.load(this.docName)
        signal.throwIfAborted()
        return [stored, ...updates]
      } catch (error) {
        // A corrupt document needs a repair, and can be bound again after it.
        if (!isRetrying || !isRetried(error) || error.code === 'ERR_CORRUPT') throw error
        this.#reportLoad(error)
      }
    }
  }

  #reportLoad(error) {
    this.#context.report(error, { docName: this.docName, operation: 'bindState' })
  }

  /** Stores what came without an update event: everything until the document is loaded, then what Yjs has not integrated. Never rejects. */
  async storeMissed() {
    // If the yjs of the document is not found, loading reports that.
    const Y = await this.#yjs.catch(() => undefined)
    if (Y === undefined || this.isCleared) return
    this.#checkEvents()
    await this.#missedStored
    this.#context.withUnintegrated.delete(this)
    if (this.#received === undefined) this.#storeUnintegrated(Y)
    else await this.#storeMissing(this.#encode(Y), this.#received.updates)
    await this.#missingStored
  }

  #storeUnintegrated(Y) {
    const update = this.#tryYjs(() => this.#unintegrated.take(Y, this.#ydoc))
    if (update !== undefined) this.#store(update)
  }

  /** Stores what is in `state` and not in `known`, which is stored or was received in an event. Never rejects. */
  async #storeMissing(state, known) {
    if (state === undefined || state.length <= EMPTY_UPDATE_BYTES) return
    let missing = state
    try {
      missing = await missingFrom(known, state, { deletedContent: false })
    } catch {
      // What cannot be compared cannot be stored either: storing it reports that.
    }
    if (missing !== undefined) this.#store(missing)
  }
}

module.exports = { BoundDocument }
