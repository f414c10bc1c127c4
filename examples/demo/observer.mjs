/**
 * What the page's panel shows: what the table holds of a document, its last compaction, and what the server has cost.
 *
 * It reads through a persistence of its own, so that its reading is not counted as the editing's cost. A document is read only
 * when somebody asks for it and it has changed since, and the larger it is the less often.
 */
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import DynamoDbPersistence from '../../index.mjs'
import { stored, storedOf } from './stored.mjs'

const LEAST_PAUSE_MS = 2_000
const READ_UNITS_PER_SECOND = 250
const BYTES_PER_READ_UNIT = 4_096
const MOST_DOCUMENTS = 1_000

const pauseAfter = bytes =>
  Math.max(LEAST_PAUSE_MS, (bytes / BYTES_PER_READ_UNIT / READ_UNITS_PER_SECOND) * 1_000)

const costOf = persistence => {
  const costs = Object.values(persistence.stats().requests)
  const sum = field => costs.reduce((total, cost) => total + cost[field], 0)
  return { requests: sum('requests'), writeUnits: sum('writeUnits'), readUnits: sum('readUnits') }
}

/** One document that a page looks at. */
class Document {
  compaction
  #read
  #stored
  #hasChanged = true
  #dueAt = 0
  #reading

  /** @param read resolves with what the table holds of it */
  constructor(read) {
    this.#read = read
  }

  changed() {
    this.#hasChanged = true
  }

  /** As it was last read; read again if it has changed and the pause is over. */
  async stored() {
    if (this.#hasChanged && Date.now() >= this.#dueAt) {
      this.#reading ??= this.#readAgain().finally(() => {
        this.#reading = undefined
      })
    }
    await this.#reading
    return this.#stored
  }

  async #readAgain() {
    this.#hasChanged = false
    try {
      this.#stored = await this.#read()
      this.#dueAt = Date.now() + pauseAfter(this.#stored.bytes)
    } catch (error) {
      this.#hasChanged = true
      throw error
    }
  }
}

export class Observer {
  #persistence
  #reader
  #tableName
  #prices
  #documents = new Map()
  #hasChanged = true
  #listeners = [
    ['y-dynamodb:batch', ({ docName }) => this.#changed(docName)],
    [
      'y-dynamodb:compaction',
      ({ docName, entries, bytesBefore, bytesAfter, error }) => {
        this.#changed(docName)
        const document = this.#documents.get(docName)
        if (document)
          document.compaction = { at: Date.now(), entries, bytesBefore, bytesAfter, failed: error?.code }
      }
    ]
  ]

  /**
   * @param persistence whose cost is told
   * @param config its configuration
   * @param prices of a million units: `{ write, read }`
   */
  constructor(persistence, config, prices) {
    this.#persistence = persistence
    this.#reader = DynamoDbPersistence({ ...config, compactionItems: 0 })
    this.#tableName = config.tableName
    this.#prices = prices
    for (const [channel, listener] of this.#listeners) subscribe(channel, listener)
  }

  /** Whether anything was stored or compacted since this was last asked. */
  takeChanged() {
    const hasChanged = this.#hasChanged
    this.#hasChanged = false
    return hasChanged
  }

  /** What the table holds of every document. */
  all() {
    return stored(this.#reader, this.#tableName)
  }

  /** All that the panel shows of a document but what waits. */
  async report(docName) {
    const document = this.#document(docName)
    return {
      stored: await document.stored(),
      compaction: document.compaction,
      cost: costOf(this.#persistence),
      own: costOf(this.#reader),
      prices: this.#prices
    }
  }

  close() {
    for (const [channel, listener] of this.#listeners) unsubscribe(channel, listener)
    return this.#reader.close()
  }

  #changed(docName) {
    this.#hasChanged = true
    this.#documents.get(docName)?.changed()
  }

  #document(docName) {
    const document =
      this.#documents.get(docName) ?? new Document(() => storedOf(this.#reader, this.#tableName, docName))
    // The one that nobody has asked for longest is forgotten first.
    this.#documents.delete(docName)
    this.#documents.set(docName, document)
    if (this.#documents.size > MOST_DOCUMENTS) this.#documents.delete(this.#documents.keys().next().value)
    return document
  }
}
