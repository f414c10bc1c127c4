'use strict'

/**
 * The face: one method per call of the API over the class of the native addon.
 *
 * Turns failures into errors, bytes into `Y.Doc` and metas, and decides nothing about the log. A method never throws: what
 * is wrong with a call is its promise's rejection. The native call happens before a method returns, so that calls take
 * effect in the order they were made, and the addon has copied the caller's bytes by then.
 */

const { setImmediate: nextTurn } = require('node:timers/promises')
const { Addon } = require('./addon.js')
const { PersistenceError, closed } = require('./errors.js')
const { checkBytes, checkDocName, checkString, invalidArgument } = require('./arguments.js')
const { normalise } = require('./config.js')
const { Documents, documentsOf } = require('./documents.js')
const { decodeMeta, encodeMeta } = require('./metas.js')
const { ReportedPromise, callAside } = require('./reported.js')
const diagnostics = require('./diagnostics.js')
const { isIn, runIn } = require('./transactions.js')
const { Yjs, checkDocOptions, toDoc } = require('./yjs.js')

/** From how many updates on the original package merged a document when it was read. */
const PREFERRED_TRIM_SIZE = 500

/** The state vector of a peer that has nothing. */
const EMPTY_STATE_VECTOR = Uint8Array.of(0)

/** The log clock of a document that is not there. */
const NO_CLOCK = -1

/** What a handle from `transact` belongs to: `{ tableName, updates }`. */
const handles = new WeakMap()

class Persistence {
  #addon
  #config
  #onError
  /** Reports what no caller can catch: to `onError`, or as a warning of the process. */
  #report
  #yjs
  #documents
  #pending = new Set()
  /** Calls of several steps: they need the addon open until their last one. */
  #steps = new Set()
  #closing = undefined
  #tellsBatches = false
  #handle = Object.freeze({ __proto__: null })

  constructor(config, loadYjs) {
    const { options, credentials, Y, onError } = normalise(config)
    this.#addon = new Addon(options, credentials, Persistence.#listener(new WeakRef(this)))
    this.#config = config
    this.#onError = onError
    this.#report = onError ?? diagnostics.warner()
    this.#yjs = new Yjs(Y, loadYjs)
    this.#documents = this.#bound(options)
    documentsOf.set(this, this.#documents)
    // y-websocket asks for an object with this in it. Not enumerable: it would be a circle.
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
    return this.#run('getAllDocNames', undefined, () => toArray(this.#addon.list('docNames')), this.#steps)
  }

  getAllDocStateVectors() {
    return this.#run(
      'getAllDocStateVectors',
      undefined,
      () => toArray(this.#addon.list('docStateVectors')),
      this.#steps
    )
  }

  async *docNames() {
    this.#checkOpen()
    yield* this.#addon.list('docNames')
  }

  async *docStateVectors() {
    this.#checkOpen()
    yield* this.#addon.list('docStateVectors')
  }

  clearAll() {
    const operation = 'clearAll'
    return this.#run(operation, undefined, () => {
      const clearing = this.#addon.call('clearAll')
      return this.#documents.clear(clearing, { operation, isQueued: true })
    })
  }

  transact(f) {
    return this.#run(
      'transact',
      undefined,
      async () => {
        if (typeof f !== 'function') throw invalidArgument('what transact is to run is not a function')
        this.#checkOutside('transact')
        await Promise.all(this.#pending)
        return await runIn(this, () => f(this.#handle, this.#config))
      },
      this.#steps
    )
  }

  bindState(docName, ydoc) {
    return this.#documents.bind(docName, ydoc)
  }

  whenBound(ydoc) {
    return this.#reported(this.#documents.whenBound(ydoc), 'whenBound')
  }

  writeState(docName, ydoc) {
    return this.#documents.write(docName, ydoc)
  }

  stats() {
    return { ...diagnostics.toStats(this.#addon.stats()), bound: this.#documents.stats() }
  }

  close() {
    return this.#reported(this.#close(), 'close')
  }

  destroy() {
    return this.close()
  }

  async #close() {
    this.#checkOutside('close')
    this.#closing ??= this.#finish()
    return this.#closing
  }

  async #finish() {
    this.#addon.stopDelaying()
    const isWritten = this.#documents.close()
    await Promise.all(this.#steps)
    await isWritten
    await this.#addon.close()
  }

  /** Node holds it for as long as the addon may tell something: it must not hold the persistence. */
  static #listener(persistence) {
    return event => persistence.deref()?.#tell(event)
  }

  /** What the addon tells behind the calls. Runs on the event loop and holds no process. */
  #tell(event) {
    const error = diagnostics.tell(event, this.#config.tableName)
    if (error) this.#report(error, { docName: event.docName, operation: event.kind })
  }

  #tellBatches(tell) {
    if (tell !== this.#tellsBatches) this.#addon.tellBatches((this.#tellsBatches = tell))
  }

  /** The documents of servers. Their calls go on while the persistence is closing. */
  #bound({ gc = true }) {
    const call = (operation, docName, start) => diagnostics.timed(this.#tracked(start), operation, docName)
    return new Documents({
      gc,
      yjs: this.#yjs,
      store: (docName, update) => call('storeUpdate', docName, () => this.#store(docName, update, false)),
      load: docName =>
        call('getDiff', docName, () => this.#addon.callFor(docName, 'diff', EMPTY_STATE_VECTOR, false)),
      tell: (error, context) => callAside(this.#report, error, context)
    })
  }

  #store(docName, bytes, outside) {
    this.#tellBatches(diagnostics.batch.hasSubscribers)
    return this.#addon.callFor(docName, 'storeUpdate', bytes, outside).then(clock => clock ?? NO_CLOCK)
  }

  #call(operation, docName, start) {
    return this.#run(operation, docName, async () => {
      checkDocName(docName)
      return await start()
    })
  }

  #run(operation, docName, start, alsoIn) {
    const running = this.#tracked(() => {
      this.#checkOpen(docName)
      return start()
    }, alsoIn)
    return this.#reported(diagnostics.timed(running, operation, docName), operation, docName)
  }

  /** Runs `start` at once. The sets hold a promise that is fulfilled when it is over, so that they handle no rejection. */
  async #tracked(start, alsoIn) {
    let over
    const running = new Promise(resolve => {
      over = resolve
    })
    const started = start()
    this.#pending.add(running)
    alsoIn?.add(running)
    try {
      return await started
    } finally {
      this.#pending.delete(running)
      alsoIn?.delete(running)
      over()
    }
  }

  #reported(promise, operation, docName) {
    if (this.#onError === undefined) return promise
    return ReportedPromise.follow(promise, {
      of: error => error instanceof PersistenceError,
      to: error => this.#onError(error, { docName, operation })
    })
  }

  #checkOpen(docName) {
    if (this.#closing !== undefined) throw closed(docName)
  }

  /** @throws where the call would wait for itself */
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

/**
 * All updates of a document, oldest first, as the original's function of this name: for use in `transact`.
 *
 * @param db the handle that `transact` gives
 */
async function getDynamoDbUpdates(db, tableName, docName) {
  const owner = handles.get(db)
  if (owner === undefined) throw invalidArgument('db is not the handle that transact(f) gave to f')
  if (tableName !== owner.tableName) throw invalidArgument(`db belongs to table ${owner.tableName}`)
  return owner.updates(checkDocName(docName))
}

/**
 * The constructor of one entry. All entries share one prototype, so `instanceof` does not depend on how it was loaded.
 *
 * @param loadYjs gives the entry's own yjs, or a promise of it
 */
function define(loadYjs) {
  function DynamoDbPersistence(config) {
    return Reflect.construct(Persistence, [config, loadYjs], new.target ?? DynamoDbPersistence)
  }
  DynamoDbPersistence.prototype = Persistence.prototype
  return Object.assign(DynamoDbPersistence, {
    DynamoDbPersistence,
    PersistenceError,
    PREFERRED_TRIM_SIZE,
    getDynamoDbUpdates,
    default: DynamoDbPersistence
  })
}

module.exports = { define }
