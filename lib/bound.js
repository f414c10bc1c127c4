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
const { diffUpdate, encodeStateVectorFromUpdate, mergeUpdatesAsync, validateUpdate } = require('../updates.cjs')
const { Writer } = require('./writer.js')
const { apply } = require('./yjs.js')

/** What no later attempt to load would change. */
const IN_VAIN = new Set(['ERR_INVALID_ARGUMENT', 'ERR_CORRUPT', 'ERR_CLOSED'])

const EMPTY_UPDATE_BYTES = 2

/** Nothing is dropped where bytes are only compared. */
const KEEP = { gc: false }

class BoundDocument {
  #ydoc
  #table
  #writer
  #ending = new AbortController()
  #yjs
  /** What update events told of while the document is loading. */
  #told

  /**
   * @param table what a Writer takes, and `load(docName)`, `unstored(docName, except)`, `yjs`, `origin`, `isClosed()`
   * @param {{ isRetrying: boolean }} options whether a failed attempt to load is followed by others
   */
  constructor (docName, ydoc, table, { isRetrying }) {
    this.docName = docName
    this.#ydoc = ydoc
    this.#table = table
    this.#writer = new Writer(docName, table)
    this.#told = new Gathered({ gc: table.gc })
    this.#listen()
    this.#yjs = table.yjs.of(ydoc, docName)
    /** Resolves when the document is loaded, rejects when it never will be: which was told then, and is no news. */
    this.loaded = this.#load(isRetrying)
    this.loaded.catch(() => {})
  }

  /** Resolves when all that the document holds is stored. Never rejects. */
  async written () {
    await this.#storeUntold()
    await this.#writer.settled()
  }

  /** As `Writer.tried`. */
  tried () {
    return this.#writer.tried()
  }

  /** Ends loading: an attempt under way is the last one. */
  end (error) {
    this.#ending.abort(error)
  }

  /** Leaves the document alone. */
  #release () {
    this.#ydoc.off('update', this.#onUpdate)
    this.#ydoc.off('destroy', this.#onDestroy)
  }

  #listen () {
    this.#ydoc.on('update', this.#onUpdate)
    this.#ydoc.on('destroy', this.#onDestroy)
    if (this.#ydoc.isDestroyed) this.#onDestroy()
  }

  #onUpdate = (update, origin) => {
    if (origin === this.#table.origin) return
    if (!this.#table.isClosed()) return this.#store(update)
    this.#refuse(update, this.#closed('the persistence was closed'))
  }

  #onDestroy = () => this.end(this.#closed('the document was destroyed before it was loaded'))

  #store (update) {
    try {
      validateUpdate(update)
    } catch (error) {
      return this.#refuse(update, error)
    }
    this.#told?.add(update)
    this.#writer.store(update)
  }

  #refuse (update, error) {
    this.#table.tell(error, { docName: this.docName, operation: 'storeUpdate', update })
  }

  async #load (isRetrying) {
    try {
      const Y = await this.#yjs
      const stored = await this.#read(isRetrying)
      const before = Y.encodeStateAsUpdate(this.#ydoc)
      for (const update of stored) apply(Y, this.#ydoc, update, this.#table.origin, this.docName)
      await this.#storeLacking(before, stored)
      this.#told = undefined
    } catch (error) {
      if (error !== this.#ending.signal.reason) this.#tellOfLoad(error)
      if (isRetrying) await this.#storeUntold()
      else this.#release()
      throw error
    }
  }

  async #read (isRetrying) {
    const { signal } = this.#ending
    for (const backoff = new Backoff(); ; await backoff.pause(signal)) {
      signal.throwIfAborted()
      // Taken before the read: what is stored while it goes on would be in neither.
      const unstored = this.#table.unstored(this.docName, this.#writer)
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

  #tellOfLoad (error) {
    this.#table.tell(error, { docName: this.docName, operation: 'bindState' })
  }

  /** Stores what the document holds and no event told of: while it is loading, and where it could not be loaded. */
  async #storeUntold () {
    if (this.#told === undefined) return
    // Where its yjs is not found, loading tells that.
    const Y = await this.#yjs.catch(() => undefined)
    if (Y !== undefined && this.#told !== undefined) await this.#storeLacking(Y.encodeStateAsUpdate(this.#ydoc), [])
  }

  /** Stores what is in `state` and neither stored nor told of. Never rejects. */
  async #storeLacking (state, stored) {
    if (state.length <= EMPTY_UPDATE_BYTES) return
    try {
      const lacking = await lackingIn([...stored, ...this.#told.all], state)
      if (lacking !== undefined) this.#store(lacking)
    } catch (error) {
      this.#refuse(state, error)
    }
  }

  #closed (message) {
    return new PersistenceError(message, { code: 'ERR_CLOSED', docName: this.docName, retryable: false })
  }
}

/** What `updates` lack of `state`; undefined where they lack nothing: a diff always has all deletions in it. */
async function lackingIn (updates, state) {
  const known = await mergeUpdatesAsync(updates, KEEP)
  const lacking = diffUpdate(state, encodeStateVectorFromUpdate(known))
  const all = await mergeUpdatesAsync([known, lacking], KEEP)
  return Buffer.compare(all, known) === 0 ? undefined : lacking
}

module.exports = { BoundDocument }
