/**
 * A persistence for each document. `stats()` counts per persistence, and the panel shows the cost of one document.
 *
 * A server that needs no such numbers has one persistence for all documents: see examples/y-websocket.
 */
import DynamoDbPersistence from '../../index.mjs'

const FREE = { requests: 0, writeUnits: 0, readUnits: 0 }

/** What a persistence has used since it was opened: `{ requests, writeUnits, readUnits }`. */
export const costOf = persistence =>
  Object.values(persistence.stats().requests).reduce(
    (total, cost) => ({
      requests: total.requests + cost.requests,
      writeUnits: total.writeUnits + cost.writeUnits,
      readUnits: total.readUnits + cost.readUnits
    }),
    FREE
  )

/** Takes the place of a persistence in `persist` of examples/y-websocket. */
export class PersistencePerDocument {
  #config
  #opened = new Map()

  /** @param config of each persistence */
  constructor(config) {
    this.#config = config
  }

  bindState(docName, doc) {
    return this.#of(docName).bindState(docName, doc)
  }

  writeState(docName, doc) {
    return this.#of(docName).writeState(docName, doc)
  }

  whenBound(doc) {
    return this.#of(doc.name).whenBound(doc)
  }

  /** The cost of one document since the server was started. */
  cost(docName) {
    const persistence = this.#opened.get(docName)
    return persistence ? costOf(persistence) : FREE
  }

  /** How many updates of one document are not stored yet. */
  waiting(docName) {
    return this.#opened.get(docName)?.stats().bound.waitingUpdates ?? 0
  }

  close() {
    return Promise.all([...this.#opened.values()].map(persistence => persistence.close()))
  }

  #of(docName) {
    const persistence = this.#opened.get(docName) ?? DynamoDbPersistence(this.#config)
    this.#opened.set(docName, persistence)
    return persistence
  }
}
