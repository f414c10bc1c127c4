/** The workload of the fault tests: stores, reads, flushes and clears in random order. */
import assert from 'node:assert/strict'
import { DynamoDbPersistence } from '../support/dynamodb.mjs'
import { Y, mapOf, docOf } from '../support/documents.mjs'

/** Too much for an open item. */
const LARGE = 'x'.repeat(1_100)

/** An update that depends on no other, so that a refused one does not hide others. Small and large ones in turn. */
export function updateOf(id, clientID) {
  const doc = new Y.Doc()
  doc.clientID = clientID
  let made
  doc.on('update', update => {
    made = update
  })
  doc.getMap('map').set(id, clientID % 2 === 0 ? '' : LARGE)
  return made
}

export function idsIn(doc) {
  return Object.keys(mapOf(doc))
}

/** Calls on several documents of one persistence, all recorded in a history. */
export class Workload {
  /** `{ operation, error }` of each rejected call. */
  rejections = []
  #persistence
  #history
  #chance

  #clears

  constructor(persistence, history, chance, { clears = true } = {}) {
    this.#persistence = persistence
    this.#history = history
    this.#chance = chance
    this.#clears = clears
  }

  /** Makes `steps` calls on each of `docs`, the documents in parallel. */
  async run(docs, steps) {
    await Promise.all(docs.map(doc => this.#runOn(doc, steps)))
  }

  /** Makes one call of each kind on a document. */
  async callAll(doc) {
    await Promise.all([this.#store(doc), this.#read(doc), this.#flush(doc), this.clear(doc)])
  }

  async #runOn(doc, steps) {
    let running = []
    for (let step = 0; step < steps; step++) {
      const dice = this.#chance()
      if (dice < 0.72) running.push(this.#store(doc))
      else if (dice < 0.88) running.push(this.#read(doc))
      else if (dice < 0.97 || !this.#clears) running.push(this.#flush(doc))
      else running.push(this.clear(doc))
      // Some calls are awaited, others run in parallel with the next ones.
      if (this.#chance() < 0.4) {
        await Promise.all(running)
        running = []
      }
    }
    await Promise.all(running)
  }

  #store(doc) {
    const number = this.#history.now()
    const id = `${doc} ${number}`
    const update = updateOf(id, number)
    return this.#collect(
      'storeUpdate',
      doc,
      this.#history.store(doc, id, () => this.#persistence.storeUpdate(doc, update))
    )
  }

  #read(doc) {
    const called = this.#history.now()
    const reading =
      this.#chance() < 0.5
        ? this.#persistence.getYDoc(doc)
        : this.#persistence.getDiff(doc).then(diff => docOf([diff]))
    return this.#collect(
      'read',
      doc,
      reading.then(found => {
        // A read waits for the stores that were called before it, so their outcome is recorded by now.
        const { lost, back, unknown } = this.#history.check(doc, idsIn(found), called)
        assert.deepEqual({ lost, back, unknown }, { lost: [], back: [], unknown: [] }, `a read of ${doc}`)
      })
    )
  }

  #flush(doc) {
    return this.#collect('flushDocument', doc, this.#persistence.flushDocument(doc))
  }

  clear(doc) {
    return this.#collect(
      'clearDocument',
      doc,
      this.#history.clear(doc, () => this.#persistence.clearDocument(doc))
    )
  }

  /** Collects rejections of the package; any other error fails the test. */
  async #collect(operation, doc, call) {
    try {
      await call
    } catch (error) {
      if (!(error instanceof DynamoDbPersistence.PersistenceError)) throw error
      assert.equal(error.docName, doc)
      this.rejections.push({ operation, error })
    }
  }
}
