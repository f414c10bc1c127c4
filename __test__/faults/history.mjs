/**
 * A history of calls: which updates were acknowledged, which clears resolved, and when. From it follows what a document must
 * contain and what it must not contain.
 *
 * Within one process the order of the calls decides (`ordered`): a clear deletes exactly what was stored by earlier calls.
 * Between processes the order is known only of calls that ended before others began.
 */
export class History {
  #ordered
  #stores = new Map()
  #clears = []
  #time = 0

  constructor({ ordered = true } = {}) {
    this.#ordered = ordered
  }

  /** The time of the next event in one process. */
  now() {
    return ++this.#time
  }

  /** Records a call of storeUpdate and its end. */
  async store(doc, id, store) {
    const entry = { doc, issued: this.now(), ended: Infinity, acknowledged: false }
    this.#stores.set(id, entry)
    try {
      await store()
      entry.acknowledged = true
    } finally {
      entry.ended = this.now()
    }
  }

  /** Records a call of clearDocument and its end. */
  async clear(doc, clear) {
    const entry = { doc, began: this.now(), ended: Infinity, resolved: false }
    this.#clears.push(entry)
    await clear()
    entry.resolved = true
    entry.ended = this.now()
  }

  /** Adds what another process recorded. */
  add({ stores = [], clears = [] }) {
    for (const { id, ...entry } of stores) this.#stores.set(id, entry)
    this.#clears.push(...clears)
  }

  /**
   * The ids that `doc` lacks, those that were cleared and are back, and those that were never stored in it.
   *
   * @param {Iterable<string>} ids what the document contains
   * @param {number} before only calls before this time count
   */
  check(doc, ids, before = Infinity) {
    const held = new Set(ids)
    const clears = this.#clears.filter(clear => clear.doc === doc && clear.began < before)
    const lost = []
    const back = []
    for (const [id, store] of this.#stores) {
      if (store.doc !== doc || store.issued >= before) continue
      if (store.acknowledged && !held.has(id) && clears.every(clear => this.#isBefore(clear, store)))
        lost.push(id)
      if (held.has(id) && clears.some(clear => clear.resolved && this.#deletes(clear, store))) back.push(id)
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

  /** Whether the clear cannot have deleted the update. */
  #isBefore(clear, store) {
    return this.#ordered ? clear.began < store.issued : clear.ended < store.issued
  }

  /** Whether the clear must have deleted the update. */
  #deletes(clear, store) {
    return this.#ordered ? store.issued < clear.began : store.ended < clear.began
  }
}
