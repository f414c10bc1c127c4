/**
 * What the page's panel shows: what the table holds of a document, its compactions and its cost.
 *
 * It reads through a persistence of its own, so its reads are not part of the cost that it reports. A document is read only
 * if somebody asks for it and it has changed since the last read. Large documents are read less often.
 */
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import DynamoDbPersistence from '../../index.mjs'
import { costOf } from './persistences.mjs'
import { stored, storedOf } from './stored.mjs'

const MIN_PAUSE_MS = 2_000
const READ_UNITS_PER_SECOND = 250
const BYTES_PER_READ_UNIT = 4_096
const MAX_DOCUMENTS = 1_000

const pauseAfter = bytes =>
  Math.max(MIN_PAUSE_MS, (bytes / BYTES_PER_READ_UNIT / READ_UNITS_PER_SECOND) * 1_000)

/** A document that a page shows. */
class Document {
  #compactions = { count: 0, entries: 0 }
  #read
  #stored
  #hasChanged = true
  #dueAt = 0
  #reading

  /** @param read resolves with what the table holds of the document */
  constructor(read) {
    this.#read = read
  }

  changed() {
    this.#hasChanged = true
  }

  compacted({ entries, error }) {
    this.changed()
    const { count, entries: before } = this.#compactions
    this.#compactions = error
      ? { ...this.#compactions, at: Date.now(), failed: error.code }
      : { count: count + 1, entries: before + entries, at: Date.now() }
  }

  /**
   * `{ count, entries, at, failed }`: the number of compactions and of the entries that they merged, the time of the last
   * attempt, and its error code if it failed.
   */
  get compactions() {
    return this.#compactions
  }

  /** What the last read found. Reads again if the document has changed and the pause is over. */
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
  #persistences
  #reader
  #tableName
  #prices
  #documents = new Map()
  #hasChanged = true
  #listeners = [
    [
      'y-dynamodb:batch',
      ({ docName }) => {
        this.#hasChanged = true
        this.#documents.get(docName)?.changed()
      }
    ],
    [
      'y-dynamodb:compaction',
      event => {
        this.#hasChanged = true
        this.#documents.get(event.docName)?.compacted(event)
      }
    ]
  ]

  /**
   * @param persistences whose `cost(docName)` and `waiting(docName)` are reported
   * @param config of the persistence that reads
   * @param prices of a million units: `{ write, read }`
   */
  constructor(persistences, config, prices) {
    this.#persistences = persistences
    this.#reader = DynamoDbPersistence({ ...config, compactionItems: 0 })
    this.#tableName = config.tableName
    this.#prices = prices
    for (const [channel, listener] of this.#listeners) subscribe(channel, listener)
  }

  /** Whether anything was stored or compacted since the last call of this method. */
  takeChanged() {
    const hasChanged = this.#hasChanged
    this.#hasChanged = false
    return hasChanged
  }

  /** What the table holds of every document. */
  all() {
    return stored(this.#reader, this.#tableName)
  }

  /** What the panel shows of a document. */
  async report(docName) {
    const document = this.#document(docName)
    return {
      stored: await document.stored(),
      compactions: document.compactions,
      waiting: this.#persistences.waiting(docName),
      cost: this.#persistences.cost(docName),
      own: costOf(this.#reader),
      prices: this.#prices
    }
  }

  close() {
    for (const [channel, listener] of this.#listeners) unsubscribe(channel, listener)
    return this.#reader.close()
  }

  #document(docName) {
    const document =
      this.#documents.get(docName) ?? new Document(() => storedOf(this.#reader, this.#tableName, docName))
    // A Map keeps the order of insertion: the first one is the least recently used.
    this.#documents.delete(docName)
    this.#documents.set(docName, document)
    if (this.#documents.size > MAX_DOCUMENTS) this.#documents.delete(this.#documents.keys().next().value)
    return document
  }
}
