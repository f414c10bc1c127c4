/**
 * Who was told what: which updates were acknowledged, which clears came to an end, and when. Says from that what a document
 * must hold and what it must not hold any more.
 *
 * In one process the order of the calls decides (`ordered`): a clear takes what was stored before it was called, and nothing
 * else. Between processes only what had ended before the other began.
 */
export class Ledger {
  #ordered
  #stores = new Map()
  #clears = []
  #time = 0

  constructor({ ordered = true } = {}) {
    this.#ordered = ordered
  }

  /** The moment of the next event in one process. */
  now() {
    return ++this.#time
  }

  /** Takes note of a call of storeUpdate, and of its end. */
  async store(doc, id, store) {
    const entry = { doc, issued: this.now(), settled: Infinity, acknowledged: false }
    this.#stores.set(id, entry)
    try {
      await store()
      entry.acknowledged = true
    } finally {
      entry.settled = this.now()
    }
  }

  /** Takes note of a call of clearDocument, and of its end. */
  async clear(doc, clear) {
    const entry = { doc, began: this.now(), ended: Infinity, resolved: false }
    this.#clears.push(entry)
    await clear()
    entry.resolved = true
    entry.ended = this.now()
  }

  /** What another process has written down. */
  add({ stores = [], clears = [] }) {
    for (const { id, ...entry } of stores) this.#stores.set(id, entry)
    this.#clears.push(...clears)
  }

  /**
   * The ids that `doc` must hold and does not, and those that were cleared and are back.
   *
   * @param {Iterable<string>} ids what the document holds
   * @param {number} before only what was called before this moment
   */
  judge(doc, ids, before = Infinity) {
    const held = new Set(ids)
    const clears = this.#clears.filter(clear => clear.doc === doc && clear.began < before)
    const lost = []
    const back = []
    for (const [id, store] of this.#stores) {
      if (store.doc !== doc || store.issued >= before) continue
      if (store.acknowledged && !held.has(id) && clears.every(clear => this.#isBefore(clear, store)))
        lost.push(id)
      if (held.has(id) && clears.some(clear => clear.resolved && this.#takes(clear, store))) back.push(id)
    }
    const unknown = [...held].filter(id => this.#stores.get(id)?.doc !== doc)
    return { lost, back, unknown }
  }

  get counts() {
    const acknowledged = [...this.#stores.values()].filter(store => store.acknowledged).length
    return {
      stores: this.#stores.size,
      acknowledged,
      clears: this.#clears.filter(clear => clear.resolved).length
    }
  }

  /** Whether the clear cannot have touched the update. */
  #isBefore(clear, store) {
    return this.#ordered ? clear.began < store.issued : clear.ended < store.issued
  }

  /** Whether the clear must have taken the update. */
  #takes(clear, store) {
    return this.#ordered ? store.issued < clear.began : store.settled < clear.began
  }
}
