/** Random logs of rich-text editors that use one element per paragraph. Many paragraphs are deleted. */

import * as Y from 'yjs'

const WORDS = 'the quick brown fox jumps over a lazy dog while nobody looks at it'.split(' ')

/**
 * 1–5 clients write paragraphs with formats and attributes into the root `xml` and delete 20–95 % of them. `clients`, `steps`
 * and `deletes` are random if they are not given.
 */
export function randomRichText(random, given = {}) {
  const clients = given.clients ?? random.between(1, 5)
  const deletes = given.deletes ?? random.between(20, 95) / 100
  const updates = []
  const docs = Array.from({ length: clients }, () => {
    const doc = new Y.Doc({ gc: given.gc ?? true })
    doc.clientID = random.below(2 ** 32)
    doc.seen = 0
    doc.on('update', (update, origin) => {
      if (origin !== 'remote') updates.push(update)
    })
    return doc
  })
  for (let n = given.steps ?? random.between(20, 80); n > 0; n--) {
    const doc = random.pick(docs)
    if (random.chance(0.4)) receive(doc, updates)
    doc.transact(() => edit(random, doc.getXmlFragment('xml'), deletes))
  }
  return { updates, docs, escapes: false }
}

function receive(doc, updates) {
  for (; doc.seen < updates.length; doc.seen++) Y.applyUpdate(doc, updates[doc.seen], 'remote')
}

function edit(random, fragment, deletes) {
  if (fragment.length > 1 && random.chance(deletes / (1 + deletes))) {
    return fragment.delete(random.below(fragment.length), 1)
  }
  if (fragment.length > 0 && random.chance(0.5))
    return type(random, fragment.get(random.below(fragment.length)))
  const paragraph = new Y.XmlElement(random.pick(['paragraph', 'heading', 'listItem']))
  fragment.insert(random.below(fragment.length + 1), [paragraph])
  paragraph.setAttribute('align', random.pick(['left', 'right']))
  if (random.chance(0.3)) paragraph.insert(0, [new Y.XmlElement('image')])
  paragraph.insert(0, [new Y.XmlText()])
  type(random, paragraph)
}

/** Inserts words, sometimes bold, into the text of a paragraph. */
function type(random, paragraph) {
  const text = paragraph.get(0)
  if (!(text instanceof Y.XmlText)) return
  const words = Array.from({ length: random.between(1, 4) }, () => random.pick(WORDS)).join(' ')
  text.insert(random.below(text.length + 1), words, random.chance(0.3) ? { strong: {} } : undefined)
  if (random.chance(0.2)) text.delete(random.below(text.length), 1)
  if (random.chance(0.2)) text.format(0, random.below(text.length + 1), { em: {} })
}
