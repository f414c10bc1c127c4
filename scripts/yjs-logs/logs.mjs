/** Random update logs: what a server of a document would have been given. */

import * as Y from 'yjs'
import { Writer } from './writer.mjs'

const CLIENT_IDS = [
  0,
  1,
  2,
  127,
  128,
  2 ** 31 - 1,
  2 ** 31,
  2 ** 32 - 1,
  2 ** 32,
  2 ** 52,
  2 ** 53 - 2,
  2 ** 53 - 1
]
const REMOTE = 'remote'

/**
 * The log of one document: updates in the order in which a server would see them. Complete: no gaps.
 *
 * `clients` (1–4), `steps`, `gc` ('on', 'off', 'mixed') and `themes` (root types) are drawn where not given. `escapes`:
 * there are lone surrogates in formats. A `Y.Doc` to which such an item came early passes it on with U+FFFD: copies differ.
 */
export function randomLog(random, given = {}) {
  const gc = given.gc ?? random.pick(['on', 'on', 'off', 'mixed'])
  const themes =
    given.themes
    ?? (random.chance(0.5) ? ['text', 'array', 'map', 'xml'] : [random.pick(['text', 'array', 'map', 'xml'])])
  random.escapes = random.chance(0.05)
  const world = new World(random, { gc, themes })
  for (let n = given.clients ?? random.between(1, 4); n > 0; n--) world.join()
  for (let n = given.steps ?? random.between(3, 40); n > 0; n--) world.step()
  return { updates: world.log, gc, themes, escapes: random.escapes }
}

class World {
  constructor(random, { gc, themes }) {
    this.random = random
    this.gc = gc
    this.themes = themes
    this.ids = random.shuffle(CLIENT_IDS)
    this.log = []
    this.writers = []
  }

  /** A client that has nothing yet. */
  join() {
    const { random } = this
    const writer = new Writer(random, {
      clientId: this.#newId(),
      gc: this.gc === 'mixed' ? random.chance(0.5) : this.gc === 'on',
      undo: random.chance(0.3),
      themes: this.themes
    })
    writer.seen = 0
    writer.doc.on('update', (update, origin) => {
      // A server also sees what a client only passes on.
      if (origin !== REMOTE || random.chance(0.05)) this.log.push(update)
    })
    this.writers.push(writer)
  }

  step() {
    const { random } = this
    const writer = random.pick(this.writers)
    const action = random.below(20)
    if (action < 13) writer.edit()
    else if (action < 16) this.#receive(writer)
    else if (action === 16) this.log.push(Y.encodeStateAsUpdate(writer.doc))
    else if (action === 17)
      this.log.push(Y.encodeStateAsUpdate(writer.doc, Y.encodeStateVector(random.pick(this.writers).doc)))
    else if (action === 18) this.#premerge()
    else this.#renew(writer)
  }

  /** The writer gets what came since the last time: in order, shuffled, or with something missing for now. */
  #receive(writer) {
    const { random } = this
    const news = this.log.slice(writer.seen)
    const missing = random.chance(0.2)
    if (!missing) writer.seen = this.log.length
    for (const update of random.chance(0.5) ? random.shuffle(news) : news) {
      if (!missing || random.chance(0.7)) Y.applyUpdate(writer.doc, update, REMOTE)
    }
  }

  #premerge() {
    const { random } = this
    if (this.log.length < 2) return
    const from = random.below(this.log.length - 1)
    const some = random.some(this.log.slice(from, from + 8), 0.8)
    if (some.length > 1) this.log.push(Y.mergeUpdates(some))
  }

  /** A new session of the same client: it has everything, and another id. */
  #renew(writer) {
    if (this.random.chance(0.5)) {
      writer.seen = this.log.length
      for (const update of [...this.log]) Y.applyUpdate(writer.doc, update, REMOTE)
    }
    writer.doc.clientID = this.#newId()
  }

  #newId() {
    return this.random.chance(0.6) && this.ids.length > 0
      ? this.ids.pop()
      : this.random.below(2 ** 21) * 2 ** 32 + this.random.below(2 ** 32)
  }
}
