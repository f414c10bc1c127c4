'use strict'

/**
 * Stores the updates of one document name, and keeps at it while the table cannot take them: servers tell their clients
 * nothing about storage, so an update that was refused for now has nobody else who would send it again.
 *
 * While all is well each update goes straight to the addon, which batches. Once one is refused, it and all that follow gather
 * here and are retried together, large ones byte for byte. An update leaves the writer when it is stored, or when it is given up and told so. A writer
 * that has nothing left is forgotten, and the next update of that name gets a new one.
 */

const { Backoff } = require('./backoff.js')
const { Refused } = require('./refused.js')
const { storable } = require('./salvage.js')

/** What will never be stored: to try again would be in vain. */
const IN_VAIN = new Set(['ERR_INVALID_ARGUMENT', 'ERR_INVALID_UPDATE', 'ERR_CLOSED'])

class Writer {
  #table
  /** How many updates came so far: the number of the last one. */
  #last = 0
  /** Given to the addon, and not answered yet: `{ update, first }`, with the number of the first update that is in it. */
  #sent = new Set()
  /** Refused for now, and what came since. */
  #refused
  #isRetrying = false
  #closing = new AbortController()
  /** Settles when the clear ends that dropped the updates of this writer. */
  #clearing
  /** Those who wait for `tried`: `{ last, resolve }`. */
  #waiting = new Set()

  /**
   * @param {string} docName
   * @param {object} table `store(docName, update)`; `tell(error, context)`; `gc`; `unsettled`, the Map that
   *   holds the writer of a name for as long as it has something that is not stored
   */
  constructor(docName, table) {
    this.docName = docName
    this.#table = table
    this.#refused = new Refused({ gc: table.gc }, merged => this.#storable(merged))
  }

  /** What is not stored yet: a read that starts now can miss it. */
  get unstored() {
    return [...[...this.#sent].map(({ update }) => update), ...this.#refused.all]
  }

  get isSettled() {
    return this.#sent.size === 0 && this.#refused.isEmpty
  }

  /** @param update a valid one */
  store(update) {
    const sent = { update, first: ++this.#last }
    this.#table.unsettled.set(this.docName, this)
    if (this.#isRetrying) this.#refused.add(sent)
    else void this.#send(sent)
  }

  /** Resolves when all that came before the call is stored: others may go on typing. Never rejects. */
  async settled() {
    const last = this.#last
    while (!(await this.#tried(last)));
  }

  /** As `settled`, with true; but with false when an attempt has failed: another one follows. Never rejects. */
  tried() {
    return this.#tried(this.#last)
  }

  /** Makes a last attempt, at once. What it does not store is given up. Never rejects. */
  async close() {
    this.#closing.abort()
    while (!this.isSettled) await this.tried()
  }

  /**
   * Drops what is not stored, because the document is being cleared. Whoever waits for it resolves.
   *
   * @param {Promise<unknown>} clearing if it rejects, `onError` gets the dropped updates: the table may still lack them
   */
  discard(clearing) {
    this.#clearing = clearing
    this.#closing.abort()
    this.#table.unsettled.delete(this.docName)
    for (const { update } of this.#refused.take()) this.#drop(update)
    this.#answer(false)
  }

  #drop(update) {
    this.#clearing.catch(error => this.#tell(error, 'clearDocument', update))
  }

  async #tried(last) {
    return this.#isStored(last) || new Promise(resolve => this.#waiting.add({ last, resolve }))
  }

  #isStored(last) {
    for (const { first } of this.#sent) if (first <= last) return false
    return this.#refused.first > last
  }

  async #send(sent) {
    const error = await this.#attempt(sent)
    // Updates that are refused together were one batch: it is told once.
    if (error === undefined || this.#isRetrying) return
    this.#tell(error, 'storeUpdate')
    await this.#retry()
  }

  async #retry() {
    this.#isRetrying = true
    const backoff = new Backoff()
    for (let error = true; error;) {
      await backoff.pause(this.#closing.signal)
      // Sent again already: it was refused in the moment in which former retries ended.
      if (this.#refused.isEmpty) break
      const isLast = this.#closing.signal.aborted
      error = undefined
      for (const attempt of this.#refused.take().map(sent => this.#attempt(sent)))
        error = (await attempt) ?? error
      if (error && isLast) error = this.#giveUp(error)
      else if (error) this.#tell(error, 'storeUpdate')
    }
    this.#isRetrying = false
    for (const sent of this.#refused.take()) void this.#send(sent)
  }

  /** @returns the error, if the update was refused for now. It is in one of the two places at every moment. */
  async #attempt(sent) {
    this.#sent.add(sent)
    let refusal
    try {
      await this.#table.store(this.docName, sent.update)
    } catch (error) {
      if (IN_VAIN.has(error.code)) {
        this.#tell(error, 'storeUpdate', sent.update)
      } else if (this.#clearing !== undefined) {
        this.#drop(sent.update)
      } else {
        this.#refused.add(sent)
        refusal = error
      }
    }
    this.#sent.delete(sent)
    this.#answer(refusal !== undefined)
    return refusal
  }

  /** What can be stored of updates that were merged: each of them can, but types can be nested too deep in all together. */
  #storable(merged) {
    const { update, error } = storable(merged, this.docName)
    if (error !== undefined) this.#tell(error, 'storeUpdate', merged)
    return update
  }

  #giveUp(error) {
    for (const { update } of this.#refused.take()) this.#tell(error, 'close', update)
    this.#answer(false)
  }

  #answer(hasFailed) {
    const { unsettled } = this.#table
    if (this.isSettled && unsettled.get(this.docName) === this) unsettled.delete(this.docName)
    for (const waiting of this.#waiting) {
      const isStored = this.#isStored(waiting.last)
      if (!isStored && !hasFailed) continue
      this.#waiting.delete(waiting)
      waiting.resolve(isStored)
    }
  }

  /** @param [update] what is given up: absent while attempts go on */
  #tell(error, operation, update) {
    const context = { docName: this.docName, operation }
    this.#table.tell(error, update === undefined ? context : { ...context, update })
  }
}

module.exports = { Writer }
