/** Random update logs, as the server of a document would receive them. */

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
 * The log of one document, without gaps, in the order in which a server would receive the updates.
 *
 * `clients` (1–4), `steps`, `gc` ('on', 'off', 'mixed') and `themes` (root types) are random if they are not given. If
 * `escapes` is true, formats contain lone surrogates. A `Y.Doc` that receives such an item too early encodes it with U+FFFD,
 * so copies of the item can differ.
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

  /** Adds a client with an empty document. */
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
      // A server also receives updates that a client only forwards.
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
    else this.#startSession(writer)
  }

  /** Applies the new updates to the writer's document: in order or shuffled, sometimes with gaps that are filled later. */
  #receive(writer) {
    const { random } = this
    const newUpdates = this.log.slice(writer.seen)
    const hasGaps = random.chance(0.2)
    if (!hasGaps) writer.seen = this.log.length
    for (const update of random.chance(0.5) ? random.shuffle(newUpdates) : newUpdates) {
      if (!hasGaps || random.chance(0.7)) Y.applyUpdate(writer.doc, update, REMOTE)
    }
  }

  #premerge() {
    const { random } = this
    if (this.log.length < 2) return
    const from = random.below(this.log.length - 1)
    const some = random.some(this.log.slice(from, from + 8), 0.8)
    if (some.length > 1) this.log.push(Y.mergeUpdates(some))
  }

  /** Gives the writer a new client id, sometimes after it has received all updates. */
  #startSession(writer) {
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
