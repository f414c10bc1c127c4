'use strict'

/**
 * The updates of one document name that are not stored yet. Stores them, and retries until the table takes them: a server
 * does not tell its clients what is stored, so nobody else would send a refused update again.
 *
 * As long as no update is refused, each goes to the addon at once, which batches. After a refusal the update and all later
 * ones wait in the retry buffer and are sent together. An update leaves when it is stored, when it is reported as given up, or
 * when the document is cleared. An instance that is empty is forgotten; the next update of the name gets a new one.
 */

const { Backoff } = require('./backoff.js')
const { isRetried } = require('./errors.js')
const { RetryBuffer } = require('./retry-buffer.js')
const { storable } = require('./salvage.js')

class PendingUpdates {
  #context
  /** The number of the last update. They are numbered from 1. */
  #last = 0
  /** Sent to the addon, without an answer yet: `{ update, first }`, where `first` is the number of the first update in it. */
  #inFlight = new Set()
  /** Refused, and all that came since. */
  #toRetry
  #isRetrying = false
  #closing = new AbortController()
  /** The clear that dropped the updates: `{ ended, operation }`. */
  #clear
  /** Those who wait: `{ last, resolve }`, where `last` is the number of the last update that they wait for. */
  #waiting = new Set()

  /**
   * @param {string} docName
   * @param {object} context `store(docName, update)`; `report(error, details)`; `gc`; `pending`, the Map by document name of
   *   the instances that are not empty
   */
  constructor(docName, context) {
    this.docName = docName
    this.#context = context
    this.#toRetry = new RetryBuffer({ gc: context.gc }, merged => this.#storable(merged))
  }

  /** A read that starts now may not contain these. */
  get updates() {
    return [...[...this.#inFlight].map(({ update }) => update), ...this.#toRetry.updates]
  }

  get isEmpty() {
    return this.#inFlight.size === 0 && this.#toRetry.isEmpty
  }

  /** @param update a valid one */
  store(update) {
    const pending = { update, first: ++this.#last }
    this.#context.pending.set(this.docName, this)
    if (this.#isRetrying) this.#toRetry.add(pending)
    else void this.#send(pending)
  }

  /** Resolves when all updates are stored that came before the call; later ones do not delay it. Never rejects. */
  async whenStored() {
    const last = this.#last
    while (!(await this.#whenAttempted(last)));
  }

  /** Resolves with true as `whenStored`, or with false after a failed attempt: another one follows. Never rejects. */
  whenAttempted() {
    return this.#whenAttempted(this.#last)
  }

  /** Makes a last attempt, at once, and gives up what it does not store. Never rejects. */
  async close() {
    this.#closing.abort()
    while (!this.isEmpty) await this.whenAttempted()
  }

  /**
   * Drops all updates, because the document is being cleared. Nobody waits for them any more.
   *
   * @param {{ ended: Promise<unknown>, operation: string }} clear if `ended` rejects, `onError` gets the dropped updates: the
   *   table may lack them
   */
  discard(clear) {
    this.#clear = clear
    this.#closing.abort()
    this.#context.pending.delete(this.docName)
    for (const { update } of this.#toRetry.take()) this.#drop(update)
    this.#answer(false)
  }

  #drop(update) {
    const { ended, operation } = this.#clear
    ended.catch(error => this.#report(error, operation, update))
  }

  async #whenAttempted(last) {
    return this.#isStored(last) || new Promise(resolve => this.#waiting.add({ last, resolve }))
  }

  #isStored(last) {
    for (const { first } of this.#inFlight) if (first <= last) return false
    return this.#toRetry.first > last
  }

  async #send(pending) {
    const error = await this.#attempt(pending)
    // Updates that are refused together were one batch, which is reported once.
    if (error === undefined || this.#isRetrying) return
    this.#report(error, 'storeUpdate')
    await this.#retry()
  }

  async #retry() {
    this.#isRetrying = true
    const backoff = new Backoff()
    for (let error = true; error;) {
      await backoff.pause(this.#closing.signal)
      // An update that was refused just as former retries ended has been sent again by them.
      if (this.#toRetry.isEmpty) break
      const isLast = this.#closing.signal.aborted
      error = undefined
      for (const attempt of this.#toRetry.take().map(pending => this.#attempt(pending)))
        error = (await attempt) ?? error
      if (error && isLast) error = this.#giveUp(error)
      else if (error) this.#report(error, 'storeUpdate')
    }
    this.#isRetrying = false
    for (const pending of this.#toRetry.take()) void this.#send(pending)
  }

  /**
   * The update is in flight or in the retry buffer at every moment.
   *
   * @returns the error, if the update has to be retried
   */
  async #attempt(pending) {
    this.#inFlight.add(pending)
    let refusal
    try {
      await this.#context.store(this.docName, pending.update)
    } catch (error) {
      if (!isRetried(error)) {
        this.#report(error, 'storeUpdate', pending.update)
      } else if (this.#clear !== undefined) {
        this.#drop(pending.update)
      } else {
        this.#toRetry.add(pending)
        refusal = error
      }
    }
    this.#inFlight.delete(pending)
    this.#answer(refusal !== undefined)
    return refusal
  }

  /** What can be stored of a merged update: types may be nested too deep in all updates together. */
  #storable(merged) {
    const { update, error } = storable(merged, this.docName)
    if (error !== undefined) this.#report(error, 'storeUpdate', merged)
    return update
  }

  #giveUp(error) {
    for (const { update } of this.#toRetry.take()) this.#report(error, 'close', update)
    this.#answer(false)
  }

  #answer(hasFailed) {
    const { pending } = this.#context
    if (this.isEmpty && pending.get(this.docName) === this) pending.delete(this.docName)
    for (const waiting of this.#waiting) {
      const isStored = this.#isStored(waiting.last)
      if (!isStored && !hasFailed) continue
      this.#waiting.delete(waiting)
      waiting.resolve(isStored)
    }
  }

  /** @param [update] what is given up; absent if it is retried */
  #report(error, operation, update) {
    const details = { docName: this.docName, operation }
    this.#context.report(error, update === undefined ? details : { ...details, update })
  }
}

module.exports = { PendingUpdates }
