'use strict'

/**
 * One document in memory bound to the table: loads what is stored into it, and stores what changes in it.
 *
 * The two do not wait for each other: updates are stored from the first moment on, and loading goes on until it succeeds.
 * What is loaded is applied with an origin of our own and not stored again. What the document holds and no event told of (it
 * was there before, or yjs had kept it back because of a gap) is compared with what is stored, and stored where it lacks.
 */

const { Backoff } = require('./backoff.js')
const { PersistenceError } = require('./errors.js')
const { Gathered } = require('./gathered.js')
const { HeldBack, mendHeldBack } = require('./held-back.js')
const { missingFrom } = require('./missing.js')
const { storable } = require('./salvage.js')
const {
  deleteAllUnwritable,
  deleteObserved,
  deleteUnwritableOf,
  resume,
  stateBefore
} = require('./unwritable.js')
const { apply } = require('./yjs.js')

/** What no later attempt to load would change. */
const IN_VAIN = new Set(['ERR_INVALID_ARGUMENT', 'ERR_CORRUPT', 'ERR_CLOSED'])

const EMPTY_UPDATE_BYTES = 2

/** The origin of deletions of content that yjs cannot write: no UndoManager tracks it. */
const MENDING = Symbol('deleted by y-dynamodb')

class BoundDocument {
  #ydoc
  #table
  #ending = new AbortController()
  #yjs
  /** What update events told of while the document is loading. */
  #told
  /** Storing what the document held before it was loaded. */
  #lacking = Promise.resolve()
  /** Storing what changed without an update event. */
  #unheard = Promise.resolve()
  /** What yjs keeps back in the document and is stored. */
  #heldBack = new HeldBack()
  /** The transaction of the last update event. */
  #lastHeard
  #isWatching = false

  /**
   * @param table `load(docName)`, `writer(docName)`, the Writer of that name, `tell`, `yjs`, `gc`, `origin`, `isClosed()`, and
   *   `holding`, the Set of the bound documents in which yjs keeps something back that may not be stored
   * @param {{ isRetrying: boolean }} options whether a failed attempt to load is followed by others
   */
  constructor(docName, ydoc, table, { isRetrying }) {
    this.docName = docName
    this.#ydoc = ydoc
    this.#table = table
    this.#told = new Gathered({ gc: table.gc })
    this.#listen()
    this.#yjs = table.yjs.of(ydoc, docName)
    /** Resolves when the document is loaded, rejects when it never will be: which was told then, and is no news. */
    this.loaded = this.#load(isRetrying)
    this.loaded.catch(() => {})
  }

  /** Resolves when all that the document holds is stored. Never rejects. */
  async written() {
    await this.storeUntold()
    await this.#table.writer(this.docName).settled()
  }

  /** As `written`, but ends as `Writer.tried` does. */
  async tried() {
    await this.storeUntold()
    return this.#table.writer(this.docName).tried()
  }

  /** Ends loading: an attempt under way is the last one. */
  end(error) {
    this.#ending.abort(error)
  }

  /** Leaves the document alone. */
  #release() {
    for (const [event, listener] of this.#listeners()) this.#ydoc.off(event, listener)
    this.#table.holding.delete(this)
  }

  #listen() {
    for (const [event, listener] of this.#listeners()) this.#ydoc.on(event, listener)
    // Where a listener threw before the document was bound.
    this.#onTransactions()
    if (this.#ydoc.isDestroyed) this.#onDestroy()
  }

  #listeners() {
    return [
      ['beforeAllTransactions', this.#onTransactions],
      // Before observers see what a transaction added, and again for what observers added, before the update event.
      ['beforeObserverCalls', this.#onAdded],
      ['afterTransactionCleanup', this.#onObserved],
      ['update', this.#onUpdate],
      ['afterTransaction', this.#onTransaction],
      ['destroy', this.#onDestroy]
    ]
  }

  #onTransactions = () => {
    if (this.#isWatching) return
    this.#isWatching = true
    queueMicrotask(this.#resume)
  }

  /** Where yjs ended a transaction without its update event, the document is the only source of what changed. */
  #resume = () => {
    this.#isWatching = false
    const stuck = resume(this.#ydoc)
    const unheard = stuck.slice(stuck.indexOf(this.#lastHeard) + 1)
    this.#lastHeard = undefined
    if (unheard.every(({ origin }) => origin === this.#table.origin)) return
    this.#unheard = Promise.all([this.#unheard, this.#storeUnheard(unheard)])
  }

  /** Never rejects. */
  async #storeUnheard(transactions) {
    const Y = await this.#yjs.catch(() => undefined)
    if (Y === undefined) return
    this.#tell(
      new PersistenceError(
        'a listener of the document or Yjs threw, so that events are missing: what changed is stored from the document itself',
        { code: 'ERR_INVALID_ARGUMENT', docName: this.docName, retryable: false }
      )
    )
    const update = this.#encode(Y, Y.encodeStateVector(stateBefore(transactions)))
    if (update !== undefined && update.length > EMPTY_UPDATE_BYTES) this.#onUpdate(update)
  }

  #onAdded = transaction => {
    this.#tellOfDeleted(deleteUnwritableOf(transaction))
  }

  #onObserved = transaction => {
    this.#tellOfDeleted(deleteObserved(transaction))
  }

  #onUpdate = (update, origin, ydoc, transaction) => {
    this.#lastHeard = transaction
    if (origin === this.#table.origin) return
    if (!this.#table.isClosed()) return this.#store(update)
    this.#refuse(update, this.#closed('the persistence was closed'))
  }

  /** The only sign that yjs keeps an update back, until those before it come: no update event tells of it. */
  #onTransaction = () => {
    const { pendingStructs, pendingDs } = this.#ydoc.store
    if (pendingStructs != null || pendingDs != null) this.#table.holding.add(this)
    else this.#table.holding.delete(this)
  }

  #onDestroy = () => {
    this.end(this.#closed('the document was destroyed before it was loaded'))
    if (this.#table.holding.has(this)) void this.storeUntold()
  }

  #store(update) {
    try {
      const { update: rest, error } = storable(update, this.docName)
      if (error !== undefined) this.#refuse(update, error)
      this.#told?.add(rest)
      this.#table.writer(this.docName).store(rest)
    } catch (error) {
      this.#refuse(update, error)
    }
  }

  #refuse(update, error) {
    this.#table.tell(error, { docName: this.docName, operation: 'storeUpdate', update })
  }

  #tell(error) {
    this.#table.tell(error, { docName: this.docName, operation: 'storeUpdate' })
  }

  /** @param deleted `{ id, cause }` each */
  #tellOfDeleted(deleted) {
    if (deleted.length === 0) return
    const [
      {
        id: { client, clock },
        cause
      }
    ] = deleted
    const others = deleted.length > 1 ? ` and ${deleted.length - 1} others` : ''
    const message = `the item of client ${client}, clock ${clock}${others} has content that Yjs cannot write: it was deleted from the document`
    this.#tell(
      new PersistenceError(message, {
        code: 'ERR_INVALID_UPDATE',
        docName: this.docName,
        retryable: false,
        cause
      })
    )
  }

  /** The document, or what `stateVector` lacks of it, as an update; undefined where yjs cannot write it, which is reported. */
  #encode(Y, stateVector) {
    try {
      return Y.encodeStateAsUpdate(this.#ydoc, stateVector)
    } catch {
      return this.#guarded(() => {
        // Content that came before the document was bound.
        this.#tellOfDeleted(deleteAllUnwritable(this.#ydoc, MENDING))
        this.#guarded(() => mendHeldBack(Y, this.#ydoc))
        return Y.encodeStateAsUpdate(this.#ydoc, stateVector)
      })
    }
  }

  /** What yjs makes of the document. What it throws is reported. */
  #guarded(f) {
    try {
      return f()
    } catch (cause) {
      this.#tell(
        new PersistenceError(`Yjs cannot write the document: ${cause?.message}`, {
          code: 'ERR_INVALID_UPDATE',
          docName: this.docName,
          retryable: false,
          cause
        })
      )
    }
  }

  async #load(isRetrying) {
    try {
      const Y = await this.#yjs
      const stored = await this.#read(isRetrying)
      this.#apply(Y, stored)
      await this.#lacking
    } catch (error) {
      if (error !== this.#ending.signal.reason) this.#tellOfLoad(error)
      if (isRetrying) await this.storeUntold()
      else this.#release()
      throw error
    }
  }

  /** In one go: what changes in the document before or after this was told of. */
  #apply(Y, stored) {
    const before = this.#encode(Y)
    const told = this.#told.all
    this.#told = undefined
    this.#lacking = this.#storeLacking(before, [...stored, ...told])
    for (const update of stored) apply(Y, this.#ydoc, update, this.#table.origin, this.docName)
    this.#guarded(() => this.#heldBack.take(Y, this.#ydoc))
  }

  async #read(isRetrying) {
    const { signal } = this.#ending
    for (const backoff = new Backoff(); ; await backoff.pause(signal)) {
      signal.throwIfAborted()
      // Taken before the read: what is stored while it goes on would be in neither.
      const { unstored } = this.#table.writer(this.docName)
      try {
        const stored = await this.#table.load(this.docName)
        signal.throwIfAborted()
        return [stored, ...unstored]
      } catch (error) {
        if (!isRetrying || IN_VAIN.has(error.code)) throw error
        this.#tellOfLoad(error)
      }
    }
  }

  #tellOfLoad(error) {
    this.#table.tell(error, { docName: this.docName, operation: 'bindState' })
  }

  /** Stores what the document holds and no event told of: all while it is not loaded, then what yjs keeps back. Never rejects. */
  async storeUntold() {
    // Where its yjs is not found, loading tells that.
    const Y = await this.#yjs.catch(() => undefined)
    if (Y === undefined) return
    this.#resume()
    await this.#unheard
    this.#table.holding.delete(this)
    if (this.#told === undefined) this.#storeHeldBack(Y)
    else await this.#storeLacking(this.#encode(Y), this.#told.all)
    await this.#lacking
  }

  #storeHeldBack(Y) {
    const update = this.#guarded(() => this.#heldBack.take(Y, this.#ydoc))
    if (update !== undefined) this.#store(update)
  }

  /** Stores what is in `state` and not in `known`: what is stored, or was told of. Never rejects. */
  async #storeLacking(state, known) {
    if (state === undefined || state.length <= EMPTY_UPDATE_BYTES) return
    let lacking = state
    try {
      lacking = await missingFrom(known, state, { deletedContent: false })
    } catch {
      // What of it cannot be compared cannot be stored either, and is reported then.
    }
    if (lacking !== undefined) this.#store(lacking)
  }

  #closed(message) {
    return new PersistenceError(message, { code: 'ERR_CLOSED', docName: this.docName, retryable: false })
  }
}

module.exports = { BoundDocument }
