/**
 * Logs of clients that write in nested types, delete them, and relay what they receive. A client that knows a deletion relays
 * the items below the deleted type as GC, without the deletion. So most logs have items with GC copies.
 */

import * as Y from 'yjs'

const REMOTE = 'remote'

export function relayedLog(random) {
  const updates = []
  const docs = Array.from({ length: random.between(2, 4) }, (_, i) => {
    const doc = new Y.Doc()
    doc.clientID = i + 1
    doc.on('update', (update, origin) => {
      if (origin !== REMOTE || random.chance(0.9)) updates.push({ update, from: doc })
    })
    return { doc, seen: 0 }
  })
  for (let step = random.between(5, 30); step > 0; step--) {
    const { doc, seen } = random.pick(docs)
    if (random.chance(0.6)) write(random, doc.getArray('array'))
    else
      for (const { update } of updates.slice(seen)) if (random.chance(0.4)) Y.applyUpdate(doc, update, REMOTE)
  }
  return { updates: updates.map(({ update }) => update), escapes: false }
}

function write(random, array) {
  const child = array.length > 0 ? array.get(random.below(array.length)) : undefined
  const action = random.below(10)
  if (child === undefined || action === 0) {
    const type = random.pick([Y.Array, Y.Map, Y.Text])
    array.insert(random.below(array.length + 1), [new type()])
  } else if (action < 4) {
    array.delete(random.below(array.length), 1)
  } else if (child instanceof Y.Array && action < 6 && !hasValues(child)) {
    write(random, child)
  } else if (child instanceof Y.Array) {
    child.insert(random.below(child.length + 1), ['x', 'y'].slice(random.below(2)))
    if (typeof child.get(0) === 'string' && random.chance(0.3)) child.delete(0, 1)
  } else if (child instanceof Y.Map) {
    child.set(random.pick(['k', 'l']), random.below(9))
  } else if (child instanceof Y.Text) {
    child.insert(random.below(child.length + 1), random.pick(['a', 'bcd']))
  }
}

const hasValues = array => array.toArray().some(value => typeof value === 'string')
