'use strict'

/**
 * The class of the native addon, with promises. The addon identifies a call by a number and sends the answers of many calls
 * together. A failure is thrown here, so that the error has the caller's stack.
 */

const { setImmediate: nextTurn } = require('node:timers/promises')
const native = require('./native.js')
const { PersistenceError, closed, unwrap } = require('./errors.js')
const { invokeCallback } = require('./callback.js')

/** In place of the number of a call: an event. */
const EVENT = 0
const LAST_CALL = 2 ** 32 - 1

/** The state vector of an empty document: the argument of `diff` for all of a document. */
const EMPTY_STATE_VECTOR = Uint8Array.of(0)

/** How many calls are resolved in one turn of the event loop, which takes about two milliseconds. */
const ANSWERS_PER_TURN = 1_000

class Addon {
  #native
  /** The open calls: number → `{ answered, resolve, addon }`: the reference keeps the addon alive until it has answered. */
  #open = new Map()
  #lastCall = 0
  #isReleased = false

  /**
   * @param options, credentials as `config.js` makes them
   * @param listener is called with each event. The addon references it, so it must not reference the addon
   * @throws {PersistenceError}
   */
  constructor(options, credentials, listener) {
    try {
      this.#native = unwrap(native.open(options, credentials, receiver(this.#open, listener)))
    } catch (cause) {
      throw cause instanceof PersistenceError ? cause : internal(cause)
    }
  }

  /**
   * Resolves with the addon's answer. Before this returns, the call has its place in the queue and its bytes are copied. The
   * process does not end before the answer.
   */
  async call(method, ...args) {
    return this.#call(undefined, method, args)
  }

  /** As `call`, of a method whose first argument is the name of a document. Its errors carry that name. */
  async callFor(docName, method, ...args) {
    return this.#call(docName, method, [docName, ...args])
  }

  /** The results of a listing, read page by page. */
  async *list(method) {
    let after
    do {
      const page = await this.call(method, after)
      yield* page.results
      after = page.next
    } while (after != null)
  }

  /** Resolves when all calls are answered. The addon then no longer keeps the event loop alive. */
  async close() {
    await this.call('close')
    this.#isReleased = true
    // Answers come in any order: others may still be missing.
    await Promise.all([...this.#open.values()].map(({ answered }) => answered))
    this.#native.release()
  }

  stopDelaying() {
    this.#native.stopDelaying()
  }

  reportBatches(enabled) {
    this.#native.reportBatches(enabled)
  }

  stats() {
    return this.#native.stats()
  }

  async #call(docName, method, args) {
    if (this.#isReleased) throw closed(docName)
    return unwrap(await this.#send(docName, method, args), docName)
  }

  #send(docName, method, args) {
    this.#lastCall = (this.#lastCall % LAST_CALL) + 1
    const call = this.#lastCall
    const open = { addon: this }
    open.answered = new Promise(resolve => {
      open.resolve = resolve
    })
    this.#open.set(call, open)
    try {
      this.#native[method](call, ...args)
    } catch (cause) {
      this.#open.delete(call)
      throw internal(cause, docName)
    }
    return open.answered
  }
}

/** The function that the addon calls with answers and events: `[number, answer, number, answer, …]`. */
function receiver(open, listener) {
  let last = Promise.resolve()
  let resolved = 0
  const resolveAll = async answers => {
    for (let i = 0; i < answers.length; i += 2) {
      if (++resolved % ANSWERS_PER_TURN === 0) await nextTurn()
      const [call, answer] = [answers[i], answers[i + 1]]
      if (call === EVENT) invokeCallback(listener, answer)
      else open.get(call)?.resolve(answer)
      open.delete(call)
    }
  }
  return answers => {
    last = last.then(() => resolveAll(answers))
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

module.exports = { Addon, EMPTY_STATE_VECTOR }
