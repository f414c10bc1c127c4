/**
 * Which of this page's own updates the table does not hold yet. The websocket protocol acknowledges nothing, so they are
 * kept until a snapshot of what was read from the table contains them.
 */
import * as Y from 'yjs'

export class Unsaved {
  #updates = []
  #last
  onChange = () => {}

  /** @param provider what it applies came from others */
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
    // They were sent in this order: what comes after the first that is missing can wait for the next snapshot.
    const missing = this.#updates.findIndex(update => !Y.snapshotContainsUpdate(stored, update))
    this.#updates.splice(0, missing === -1 ? this.count : missing)
    this.onChange()
  }
}
