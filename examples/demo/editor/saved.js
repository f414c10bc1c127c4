/**
 * The updates of this page that are not in the table yet. The websocket protocol has no acknowledgements, so an update is kept
 * until a snapshot of the table contains it.
 */
import * as Y from 'yjs'

export class Unsaved {
  #updates = []
  #last
  onChange = () => {}

  /** @param provider the origin of updates of other people */
  constructor(doc, provider) {
    doc.on('update', (update, origin) => {
      if (origin === provider) return
      this.#updates.push(update)
      this.onChange()
    })
  }

  get count() {
    return this.#updates.length
  }

  /** @param snapshot of the stored document, as `Y.encodeSnapshot` in base64 */
  compare(snapshot) {
    if (this.count === 0 || snapshot === this.#last) return
    this.#last = snapshot
    const stored = Y.decodeSnapshot(Uint8Array.from(atob(snapshot), char => char.charCodeAt(0)))
    // They are stored in this order, so only those before the first missing one are compared.
    const missing = this.#updates.findIndex(update => !Y.snapshotContainsUpdate(stored, update))
    this.#updates.splice(0, missing === -1 ? this.count : missing)
    this.onChange()
  }
}
