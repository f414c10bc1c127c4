/** What is done to the documents while things go wrong: stores, reads, flushes and clears, in an order made by chance. */
import assert from 'node:assert/strict'
import { DynamoDbPersistence } from '../support/engine.mjs'
import { Y, mapOf, docOf } from '../support/documents.mjs'

/** An update that stands for itself: it needs no other, so that one that was refused takes no other with it. */
export function updateOf(id, clientID) {
  const doc = new Y.Doc()
  doc.clientID = clientID
  let made
  doc.on('update', update => {
    made = update
  })
  doc.getMap('map').set(id, 1)
  return made
}

export function idsIn(doc) {
  return Object.keys(mapOf(doc))
}

/** Calls on several documents of one persistence, all written into a ledger. */
export class Work {
  /** The calls that were refused: `{ operation, error }`. */
  rejections = []
  #persistence
  #ledger
  #chance

  #clears

  constructor(persistence, ledger, chance, { clears = true } = {}) {
    this.#persistence = persistence
    this.#ledger = ledger
    this.#chance = chance
    this.#clears = clears
  }

  /** `steps` calls on each of `docs`, the documents side by side. */
  async run(docs, steps) {
    await Promise.all(docs.map(doc => this.#runOn(doc, steps)))
  }

  /** One call of each kind on a document. */
  async each(doc) {
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
      // Some calls are awaited, others run on beside the next ones.
      if (this.#chance() < 0.4) {
        await Promise.all(running)
        running = []
      }
    }
    await Promise.all(running)
  }

  #store(doc) {
    const number = this.#ledger.now()
    const id = `${doc} ${number}`
    const update = updateOf(id, number)
    return this.#allowed(
      'storeUpdate',
      doc,
      this.#ledger.store(doc, id, () => this.#persistence.storeUpdate(doc, update))
    )
  }

  #read(doc) {
    const called = this.#ledger.now()
    const reading =
      this.#chance() < 0.5
        ? this.#persistence.getYDoc(doc)
        : this.#persistence.getDiff(doc).then(diff => docOf([diff]))
    return this.#allowed(
      'read',
      doc,
      reading.then(found => {
        // A read waits for the stores that were called before it, so it is known by now how they ended.
        const { lost, back, unknown } = this.#ledger.judge(doc, idsIn(found), called)
        assert.deepEqual({ lost, back, unknown }, { lost: [], back: [], unknown: [] }, `a read of ${doc}`)
      })
    )
  }

  #flush(doc) {
    return this.#allowed('flushDocument', doc, this.#persistence.flushDocument(doc))
  }

  clear(doc) {
    return this.#allowed(
      'clearDocument',
      doc,
      this.#ledger.clear(doc, () => this.#persistence.clearDocument(doc))
    )
  }

  /** Refusals are gathered; what is none of ours fails the test. */
  async #allowed(operation, doc, call) {
    try {
      await call
    } catch (error) {
      if (!(error instanceof DynamoDbPersistence.PersistenceError)) throw error
      assert.equal(error.docName, doc)
      this.rejections.push({ operation, error })
    }
  }
}
