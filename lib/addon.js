'use strict'

/**
 * The class of the native addon, with promises: the addon knows a call by a number, and gives the answers of many calls at
 * once. A failure that it answers with is thrown here, so that the error has the caller's stack.
 */

const { setImmediate: nextTurn } = require('node:timers/promises')
const native = require('./native.js')
const { PersistenceError, closed, unwrap } = require('./errors.js')
const { callAside } = require('./reported.js')

/** Stands for an event where an answer has the number of its call. */
const EVENT = 0
const LAST_CALL = 2 ** 32 - 1

/** How many answers are given in one turn of the event loop: about two milliseconds of promises. */
const ANSWERS_PER_TURN = 1_000

class Addon {
  #native
  /** Number of a call → `{ answered, resolve, addon }`: the addon lives at least until it has answered. */
  #pending = new Map()
  #lastCall = 0
  #isReleased = false

  /**
   * @param options, credentials as `config.js` makes them
   * @param listener is called with each event. The addon keeps it, so it must not keep the addon
   * @throws {PersistenceError}
   */
  constructor(options, credentials, listener) {
    try {
      this.#native = unwrap(native.open(options, credentials, receiver(this.#pending, listener)))
    } catch (cause) {
      throw cause instanceof PersistenceError ? cause : internal(cause)
    }
  }

  /**
   * What the addon answers. Before this returns, the addon has taken the call's place in the queue and copied its bytes.
   * The process does not end before the answer.
   */
  async ask(docName, method, ...args) {
    if (this.#isReleased) throw closed(docName)
    return unwrap(await this.#call(docName, method, args), docName)
  }

  /** Resolves when all calls have been answered. Then the addon holds nothing of the event loop any more. */
  async close() {
    await this.ask(undefined, 'close')
    this.#isReleased = true
    // Calls that have ended are answered in any order: this one may be the first.
    await Promise.all([...this.#pending.values()].map(({ answered }) => answered))
    this.#native.release()
  }

  stopDelaying() {
    this.#native.stopDelaying()
  }

  tellBatches(tell) {
    this.#native.tellBatches(tell)
  }

  stats() {
    return this.#native.stats()
  }

  #call(docName, method, args) {
    this.#lastCall = (this.#lastCall % LAST_CALL) + 1
    const call = this.#lastCall
    const pending = { addon: this }
    pending.answered = new Promise(resolve => {
      pending.resolve = resolve
    })
    this.#pending.set(call, pending)
    try {
      this.#native[method](call, ...args)
    } catch (cause) {
      this.#pending.delete(call)
      throw internal(cause, docName)
    }
    return pending.answered
  }
}

/** The function that takes what crosses at once: `[number, answer, number, answer, …]`. */
function receiver(pending, listener) {
  let last = Promise.resolve()
  let given = 0
  const give = async batch => {
    for (let i = 0; i < batch.length; i += 2) {
      if (++given % ANSWERS_PER_TURN === 0) await nextTurn()
      const [call, answer] = [batch[i], batch[i + 1]]
      if (call === EVENT) callAside(listener, answer)
      else pending.get(call)?.resolve(answer)
      pending.delete(call)
    }
  }
  return batch => {
    last = last.then(() => give(batch))
  }
}

function internal(cause, docName) {
  return new PersistenceError(`the addon failed: ${cause.message}`, {
    code: 'ERR_INTERNAL',
    docName,
    retryable: false,
    cause
  })
}

module.exports = { Addon }
