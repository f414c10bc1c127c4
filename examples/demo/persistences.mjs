/**
 * A persistence for each document. `stats()` counts per persistence, and the panel shows the cost of one document.
 *
 * A server that needs no such numbers has one persistence for all documents: see examples/y-websocket.
 */
import DynamoDbPersistence from '../../index.mjs'

const IDLE_MS = 60_000
const FREE = { requests: 0, writeUnits: 0, readUnits: 0 }

const add = (a, b) => ({
  requests: a.requests + b.requests,
  writeUnits: a.writeUnits + b.writeUnits,
  readUnits: a.readUnits + b.readUnits
})

/** What a persistence has used since it was opened: `{ requests, writeUnits, readUnits }`. */
export const costOf = persistence => Object.values(persistence.stats().requests).reduce(add, FREE)

/** Takes the place of a persistence in `persist` of examples/y-websocket. */
export class PersistencePerDocument {
  #config
  #idleMs
  #timer
  /** Document name → `{ persistence, docs, usedAt }`; `docs` counts its documents in memory. */
  #opened = new Map()
  /** Document name → the cost of its persistences that were closed. */
  #past = new Map()
  #closing = new Set()

  /**
   * @param config of each persistence
   * @param options `idleMs`: how long a persistence without a document in memory stays open. Meanwhile a compaction that is
   *   due runs.
   */
  constructor(config, { idleMs = IDLE_MS } = {}) {
    this.#config = config
    this.#idleMs = idleMs
    this.#timer = setInterval(() => this.#closeIdle(), idleMs).unref()
  }

  bindState(docName, doc) {
    const opened = this.#of(docName)
    opened.docs++
    doc.once('destroy', () => {
      opened.docs--
      opened.usedAt = Date.now()
    })
    return opened.persistence.bindState(docName, doc)
  }

  writeState(docName, doc) {
    return this.#of(docName).persistence.writeState(docName, doc)
  }

  whenBound(doc) {
    return this.#of(doc.name).persistence.whenBound(doc)
  }

  /** How many persistences are open. */
  get size() {
    return this.#opened.size
  }

  /** The cost of one document since the server was started. */
  cost(docName) {
    const past = this.#past.get(docName) ?? FREE
    const opened = this.#opened.get(docName)
    return opened ? add(past, costOf(opened.persistence)) : past
  }

  /** How many updates of one document are not stored yet. */
  waiting(docName) {
    const opened = this.#opened.get(docName)
    return opened ? waitingIn(opened) : 0
  }

  async close() {
    clearInterval(this.#timer)
    for (const docName of [...this.#opened.keys()]) this.#close(docName)
    await Promise.all(this.#closing)
  }

  #of(docName) {
    const opened = this.#opened.get(docName) ?? { persistence: DynamoDbPersistence(this.#config), docs: 0 }
    opened.usedAt = Date.now()
    this.#opened.set(docName, opened)
    return opened
  }

  #closeIdle() {
    const before = Date.now() - this.#idleMs
    for (const [docName, opened] of [...this.#opened]) {
      // A persistence that is closed gives up what it could not store.
      if (opened.docs === 0 && opened.usedAt <= before && waitingIn(opened) === 0) this.#close(docName)
    }
  }

  #close(docName) {
    const { persistence } = this.#opened.get(docName)
    this.#past.set(docName, this.cost(docName))
    this.#opened.delete(docName)
    const closing = persistence.close().finally(() => this.#closing.delete(closing))
    this.#closing.add(closing)
  }
}

const waitingIn = ({ persistence }) => persistence.stats().bound.waitingUpdates
