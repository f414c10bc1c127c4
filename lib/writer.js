'use strict'

/**
 * Stores the updates of one document in memory, and keeps at it while the table cannot take them: servers tell their clients
 * nothing about storage, so an update that was refused for now has nobody else who would send it again.
 *
 * While all is well each update goes straight to the addon, which batches. Once one is refused, it and all that follow gather
 * here and are tried again as one. An update leaves the writer when it is stored, or when it is given up and told so.
 */

const { Backoff } = require('./backoff.js')
const { Gathered } = require('./gathered.js')

/** What will never be stored: to try again would be in vain. */
const IN_VAIN = new Set(['ERR_INVALID_ARGUMENT', 'ERR_INVALID_UPDATE', 'ERR_CLOSED'])

class Writer {
  #table
  /** Given to the addon, and not answered yet. */
  #sent = new Set()
  /** Refused for now, and what came since. */
  #refused
  #isRetrying = false
  #closing = new AbortController()
  /** Those who wait for `tried`. */
  #waiting = new Set()

  /**
   * @param {string} docName
   * @param {object} table `store(docName, update)`; `tell(error, context)`; `gc`; `unsettled`, the Set that holds each
   *   writer for as long as it has something that is not stored
   */
  constructor (docName, table) {
    this.docName = docName
    this.#table = table
    this.#refused = new Gathered({ gc: table.gc })
  }

  /** What is not stored yet: a read that starts now can miss it. */
  get unstored () {
    return [...this.#sent, ...this.#refused.all]
  }

  get isSettled () {
    return this.#sent.size === 0 && this.#refused.isEmpty
  }

  /** @param update a valid one */
  store (update) {
    this.#table.unsettled.add(this)
    if (this.#isRetrying) this.#refused.add(update)
    else void this.#send(update)
  }

  /** Resolves when all is stored, also what comes meanwhile. Never rejects. */
  async settled () {
    while (!await this.tried());
  }

  /** Resolves with true when all is stored, with false when an attempt has failed: another one follows. Never rejects. */
  async tried () {
    return this.isSettled || new Promise(resolve => this.#waiting.add(resolve))
  }

  /** Makes a last attempt, at once. What it does not store is given up. Never rejects. */
  async close () {
    this.#closing.abort()
    await this.settled()
  }

  async #send (update) {
    const error = await this.#attempt(update)
    // Updates that are refused together were one batch: it is told once.
    if (error === undefined || this.#isRetrying) return
    this.#tell(error, 'storeUpdate')
    await this.#retry()
  }

  async #retry () {
    this.#isRetrying = true
    const backoff = new Backoff()
    for (let error = true; error;) {
      await backoff.pause(this.#closing.signal)
      const isLast = this.#closing.signal.aborted
      error = await this.#attempt(this.#refused.take())
      if (error && isLast) error = this.#giveUp(error)
      else if (error) this.#tell(error, 'storeUpdate')
    }
    this.#isRetrying = false
    if (!this.#refused.isEmpty) void this.#send(this.#refused.take())
  }

  /** @returns the error, if the update was refused for now. It is in one of the two places at every moment. */
  async #attempt (update) {
    this.#sent.add(update)
    let refusal
    try {
      await this.#table.store(this.docName, update)
    } catch (error) {
      if (IN_VAIN.has(error.code)) {
        this.#tell(error, 'storeUpdate', update)
      } else {
        this.#refused.add(update)
        refusal = error
      }
    }
    this.#sent.delete(update)
    this.#answer(refusal !== undefined)
    return refusal
  }

  #giveUp (error) {
    this.#tell(error, 'close', this.#refused.take())
    this.#answer(false)
  }

  #answer (hasFailed) {
    if (this.isSettled) this.#table.unsettled.delete(this)
    else if (!hasFailed) return
    for (const resolve of this.#waiting) resolve(this.isSettled)
    this.#waiting.clear()
  }

  /** @param [update] what is given up: absent while attempts go on */
  #tell (error, operation, update) {
    const context = { docName: this.docName, operation }
    this.#table.tell(error, update === undefined ? context : { ...context, update })
  }
}

module.exports = { Writer }
