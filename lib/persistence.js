'use strict'

/**
 * The API: one method per call, on top of the class of the native addon.
 *
 * Converts bytes to `Y.Doc` and metas, and decides nothing about the log. A method never throws: its promise rejects. The
 * native call is made before a method returns, so that calls take effect in call order and the addon has copied the
 * caller's bytes.
 *
 * What only the constructor uses is loaded by the first persistence: `require('y-dynamodb')` takes half the time.
 */

const { setImmediate: nextTurn } = require('node:timers/promises')
const { Addon, EMPTY_STATE_VECTOR } = require('./addon.js')
const { Calls } = require('./calls.js')
const { checkBytes, checkDocName, checkString, invalidArgument } = require('./arguments.js')
const { decodeMeta, encodeMeta } = require('./metas.js')
const diagnostics = require('./diagnostics.js')
const { isIn, runIn } = require('./transactions.js')
const { Yjs, checkDocOptions, toDoc } = require('./yjs.js')

/** The log clock of a missing document. */
const NO_CLOCK = -1

/** The handles that `transact` gives, with `{ tableName, updates(docName) }` of the persistence. */
const handles = new WeakMap()

class Persistence {
  #addon
  #config
  #calls
  #yjs
  #documents
  #publishesBatches = false
  #handle = Object.freeze({ __proto__: null })

  constructor(config, loadYjs) {
    const { normalise } = require('./config.js')
    const { documentsOf } = require('./documents.js')
    const { options, credentials, Y, onError } = normalise(config)
    this.#addon = new Addon(options, credentials, Persistence.#listener(new WeakRef(this)))
    this.#config = config
    this.#calls = new Calls(onError)
    this.#yjs = new Yjs(Y, loadYjs)
    this.#documents = this.#newDocuments(options)
    documentsOf.set(this, this.#documents)
    // y-websocket takes an object with this property. Not enumerable, because the reference is circular.
    Object.defineProperty(this, 'provider', { value: this })
    handles.set(this.#handle, { tableName: options.tableName, updates: docName => this.#updates(docName) })
    // The original's methods needed no `this`: `const { getYDoc } = persistence` works.
    for (const name of METHODS) this[name] = this[name].bind(this)
  }

  getYDoc(docName, options, outsideTransactionQueue) {
    const outside = options === true || outsideTransactionQueue === true
    return this.#call('getYDoc', docName, async () => {
      checkDocOptions(options, docName)
      const reading = this.#addon.callFor(docName, 'read', outside)
      const [Y, update] = await Promise.all([this.#yjs.load(docName), reading])
      return toDoc(Y, options, update, docName)
    })
  }

  storeUpdate(docName, update, outsideTransactionQueue) {
    return this.#call('storeUpdate', docName, () => {
      const bytes = checkBytes(update, 'update', docName)
      return this.#store(docName, bytes, outsideTransactionQueue === true)
    })
  }

  getStateVector(docName, outsideTransactionQueue) {
    return this.#call('getStateVector', docName, () =>
      this.#addon.callFor(docName, 'stateVector', outsideTransactionQueue === true)
    )
  }

  getDiff(docName, stateVector, outsideTransactionQueue) {
    return this.#call('getDiff', docName, () => {
      const bytes = checkBytes(stateVector ?? EMPTY_STATE_VECTOR, 'state vector', docName)
      return this.#addon.callFor(docName, 'diff', bytes, outsideTransactionQueue === true)
    })
  }

  clearDocument(docName, outsideTransactionQueue) {
    const operation = 'clearDocument'
    return this.#call(operation, docName, () => {
      const outside = outsideTransactionQueue === true
      const clearing = this.#addon.callFor(docName, 'clear', outside)
      return this.#documents.clear(clearing, { docName, operation, isQueued: !outside })
    })
  }

  flushDocument(docName, outsideTransactionQueue) {
    return this.#call(
      'flushDocument',
      docName,
      async () => (await this.#addon.callFor(docName, 'flush', outsideTransactionQueue === true)) ?? NO_CLOCK
    )
  }

  setMeta(docName, metaKey, value, outsideTransactionQueue) {
    return this.#call('setMeta', docName, async () => {
      checkString(metaKey, 'meta key', docName)
      const bytes = encodeMeta(value, docName)
      await this.#addon.callFor(docName, 'setMeta', metaKey, bytes, outsideTransactionQueue === true)
    })
  }

  getMeta(docName, metaKey, outsideTransactionQueue) {
    return this.#call('getMeta', docName, async () => {
      checkString(metaKey, 'meta key', docName)
      const bytes = await this.#addon.callFor(docName, 'getMeta', metaKey, outsideTransactionQueue === true)
      return bytes == null ? undefined : decodeMeta(bytes, metaKey, docName)
    })
  }

  getMetas(docName, outsideTransactionQueue) {
    return this.#call('getMetas', docName, async () => {
      const metas = await this.#addon.callFor(docName, 'getMetas', outsideTransactionQueue === true)
      return new Map(metas.map(({ key, value }) => [key, decodeMeta(value, key, docName)]))
    })
  }

  delMeta(docName, metaKey, outsideTransactionQueue) {
    return this.#call('delMeta', docName, async () => {
      checkString(metaKey, 'meta key', docName)
      await this.#addon.callFor(docName, 'deleteMeta', metaKey, outsideTransactionQueue === true)
    })
  }

  getAllDocNames() {
    const start = () => toArray(this.#addon.list('docNames'))
    return this.#calls.run('getAllDocNames', undefined, start, { isMultiStep: true })
  }

  getAllDocStateVectors() {
    const start = () => toArray(this.#addon.list('docStateVectors'))
    return this.#calls.run('getAllDocStateVectors', undefined, start, { isMultiStep: true })
  }

  async *docNames() {
    this.#calls.checkOpen()
    yield* this.#addon.list('docNames')
  }

  async *docStateVectors() {
    this.#calls.checkOpen()
    yield* this.#addon.list('docStateVectors')
  }

  clearAll() {
    const operation = 'clearAll'
    return this.#calls.run(operation, undefined, () => {
      const clearing = this.#addon.call('clearAll')
      return this.#documents.clear(clearing, { operation, isQueued: true })
    })
  }

  transact(f) {
    const start = async () => {
      if (typeof f !== 'function') throw invalidArgument('the argument of transact is not a function')
      this.#checkOutside('transact')
      await this.#calls.ended()
      return await runIn(this, () => f(this.#handle, this.#config))
    }
    return this.#calls.run('transact', undefined, start, { isMultiStep: true })
  }

  bindState(docName, ydoc) {
    return this.#documents.bind(docName, ydoc)
  }

  whenBound(ydoc) {
    return this.#calls.reporting(this.#documents.whenBound(ydoc), 'whenBound')
  }

  writeState(docName, ydoc) {
    return this.#documents.write(docName, ydoc)
  }

  stats() {
    return { ...diagnostics.toStats(this.#addon.stats()), bound: this.#documents.stats() }
  }

  close() {
    return this.#calls.reporting(this.#close(), 'close')
  }

  destroy() {
    return this.close()
  }

  async #close() {
    this.#checkOutside('close')
    return this.#calls.close(() => this.#finish())
  }

  async #finish() {
    this.#addon.stopDelaying()
    const stored = this.#documents.close()
    await this.#calls.multiStepEnded()
    await stored
    await this.#addon.close()
  }

  /** Node references it as long as the addon may send events, so it references the persistence only weakly. */
  static #listener(persistence) {
    return event => persistence.deref()?.#onEvent(event)
  }

  /** An event of the addon that belongs to no call. */
  #onEvent(event) {
    const error = diagnostics.publish(event, this.#config.tableName)
    if (error) this.#calls.report(error, { docName: event.docName, operation: event.kind })
  }

  /** The addon sends an event for each batch only while somebody subscribes. */
  #publishBatches(enabled) {
    if (enabled !== this.#publishesBatches) this.#addon.reportBatches((this.#publishesBatches = enabled))
  }

  #newDocuments({ gc = true }) {
    const { Documents } = require('./documents.js')
    const calls = this.#calls
    return new Documents({
      gc,
      yjs: this.#yjs,
      store: (docName, update) =>
        calls.runBound('storeUpdate', docName, () => this.#store(docName, update, false)),
      load: docName =>
        calls.runBound('getDiff', docName, () =>
          this.#addon.callFor(docName, 'diff', EMPTY_STATE_VECTOR, false)
        ),
      checkOpen: docName => calls.checkOpen(docName),
      report: (error, context) => calls.report(error, context)
    })
  }

  #store(docName, bytes, outside) {
    this.#publishBatches(diagnostics.batch.hasSubscribers)
    return this.#addon.callFor(docName, 'storeUpdate', bytes, outside).then(clock => clock ?? NO_CLOCK)
  }

  #call(operation, docName, start) {
    return this.#calls.run(operation, docName, async () => {
      checkDocName(docName)
      return await start()
    })
  }

  /** @throws {PersistenceError} inside `transact`, where the call would wait for itself */
  #checkOutside(method) {
    if (isIn(this))
      throw invalidArgument(
        `${method} was called inside transact, which it waits for: call it when transact has resolved`
      )
  }

  async #updates(docName) {
    const updates = []
    const rest = await this.#addon.callFor(docName, 'updates', false)
    for (let slice = rest.next(); slice.length > 0; slice = rest.next()) {
      for (const { clock, id, update } of slice)
        updates.push({ ykeysort: ['v1', docName, 'update', clock, ...id], value: update })
      await nextTurn()
    }
    return updates
  }
}

const METHODS = Object.getOwnPropertyNames(Persistence.prototype).filter(name => name !== 'constructor')

async function toArray(iterable) {
  const array = []
  for await (const entry of iterable) array.push(entry)
  return array
}

module.exports = { Persistence, handles }
