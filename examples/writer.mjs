/**
 * Stores the updates of a server and keeps at it while DynamoDB cannot take them: y-websocket and Hocuspocus tell their
 * clients nothing about storage, so an update that was refused for now has nobody else who would send it again.
 */
const FIRST_PAUSE_MS = 500
const LONGEST_PAUSE_MS = 30_000
// The same update will never be taken: to try again would be in vain.
const IN_VAIN = ['ERR_INVALID_ARGUMENT', 'ERR_INVALID_UPDATE', 'ERR_CLOSED']

export class Writer {
  #persistence
  #report
  #pending = new Map() // document name → Map: promise that is under way → its update

  /** @param report is told of each failure: `report(error, docName)` */
  constructor (persistence, report) {
    this.#persistence = persistence
    this.#report = report
  }

  /** Never rejects. */
  store (docName, update) {
    const stored = this.#keepStoring(docName, update)
    const pending = this.#pending.get(docName) ?? new Map()
    this.#pending.set(docName, pending.set(stored, update))
    stored.then(() => {
      pending.delete(stored)
      if (pending.size === 0 && this.#pending.get(docName) === pending) this.#pending.delete(docName)
    })
    return stored
  }

  /** Resolves when everything given so far is stored: of one document, or of all. */
  async settled (docName) {
    const pending = docName === undefined ? [...this.#pending.values()] : [this.#pending.get(docName) ?? new Map()]
    await Promise.all(pending.flatMap(promises => [...promises.keys()]))
  }

  /** The updates of a document that are not stored yet: what a read that starts now may miss. */
  unstored (docName) {
    return [...this.#pending.get(docName)?.values() ?? []]
  }

  /** How many updates are not stored yet. */
  get waiting () {
    let sum = 0
    for (const promises of this.#pending.values()) sum += promises.size
    return sum
  }

  async #keepStoring (docName, update) {
    for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
      try {
        return await this.#persistence.storeUpdate(docName, update)
      } catch (error) {
        this.#report(error, docName)
        if (IN_VAIN.includes(error.code)) return
        await new Promise(resolve => setTimeout(resolve, pause))
      }
    }
  }
}
