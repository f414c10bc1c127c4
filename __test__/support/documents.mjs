/** Documents and updates to store, and their content. */
import * as Y from 'yjs'

export { Y }

/** The updates of `n` keystrokes at the end of a text. */
export function keystrokes(n, { clientID = 1, text = 'abcdefghij' } = {}) {
  return updatesOf(clientID, doc => {
    const target = doc.getText('text')
    for (let i = 0; i < n; i++) target.insert(i, text[i % text.length])
  })
}

/** The updates of setting `n` keys of a map to the results of `value`. */
export function keys(n, { clientID = 1, value = i => i, prefix = 'key' } = {}) {
  return updatesOf(clientID, doc => {
    const map = doc.getMap('map')
    for (let i = 0; i < n; i++) map.set(`${prefix}${i}`, value(i))
  })
}

/** One update with `bytes` bytes of content. */
export function bigUpdate(bytes, { clientID = 1, key = 'big' } = {}) {
  return keys(1, { clientID, prefix: key, value: () => new Uint8Array(bytes).fill(7) })[0]
}

export function updatesOf(clientID, edit) {
  const doc = new Y.Doc()
  doc.clientID = clientID
  const updates = []
  doc.on('update', update => updates.push(update))
  edit(doc)
  return updates
}

export function textOf(doc) {
  return doc.getText('text').toString()
}

export function mapOf(doc) {
  return doc.getMap('map').toJSON()
}

/** A document to which the updates are applied. */
export function docOf(updates) {
  const doc = new Y.Doc()
  for (const update of updates) Y.applyUpdate(doc, update)
  return doc
}
