/**
 * `node __test__/updates/write-yrs-logs.mjs`: writes `tests/update_support/yrs-logs.txt`, random logs with only such content as yrs
 * reads as yjs does, and what yjs reads from them. Always the same. `tests/update_yjs_logs.rs` has yrs read our merges of them.
 *
 * Each log is a line of JSON, `{ text, array, map, xml }` as yjs reads them, and one line in hexadecimal per update.
 */

import fs from 'node:fs'
import * as Y from 'yjs'
import { Random } from '../../scripts/yjs-logs/random.mjs'

const LOGS = 60
const WORDS = ['a', 'word ', 'ä', '中文', '😀', 'some more words ']

function value(random) {
  return random.pick([1, -7, 2 ** 31, 0.5, true, false, null, '', 'text', '😀', { k: 1 }, ['x', { y: null }]])
}

function nested(random) {
  return random.pick([
    () => new Y.Map([['k', value(random)]]),
    () => Y.Array.from([value(random), value(random)]),
    () => new Y.Text('nested')
  ])()
}

function edit(random, doc) {
  const text = doc.getText('text')
  const array = doc.getArray('array')
  const map = doc.getMap('map')
  const xml = doc.getXmlFragment('xml')
  switch (random.below(8)) {
    case 0:
    case 1:
      return text.insert(random.below(wholeCharacters(text) + 1), random.pick(WORDS))
    case 2:
      return text.delete(
        0,
        text.length > 4 && !/[\ud800-\udfff]/.test(text.toString().slice(0, 4)) ? random.between(1, 3) : 0
      )
    case 3:
      return array.insert(random.below(array.length + 1), [
        value(random),
        random.chance(0.3) ? nested(random) : value(random)
      ])
    case 4:
      return (
        array.delete(random.below(array.length + 1), 0)
        ?? (array.length > 0 && array.delete(random.below(array.length), 1))
      )
    case 5:
      return map.set(random.pick(['a', 'b', 'c']), random.chance(0.3) ? nested(random) : value(random))
    case 6:
      return map.delete(random.pick(['a', 'b', 'c']))
    default:
      return paragraph(random, xml)
  }
}

function paragraph(random, xml) {
  if (xml.length > 0 && random.chance(0.4)) return xml.delete(random.below(xml.length), 1)
  const element = new Y.XmlElement('p')
  element.setAttribute('align', 'left')
  element.insert(0, [new Y.XmlText('text')])
  xml.insert(random.below(xml.length + 1), [element])
}

/** An index up to which no character is cut. */
function wholeCharacters(text) {
  const astral = text.toString().search(/[\ud800-\udfff]/)
  return astral < 0 ? text.length : astral
}

function randomLog(random) {
  const updates = []
  const docs = Array.from({ length: random.between(1, 3) }, () => {
    const doc = new Y.Doc({ gc: random.chance(0.8) })
    doc.clientID = random.below(2 ** 32)
    doc.seen = 0
    doc.on('update', (update, origin) => {
      if (origin !== 'remote') updates.push(update)
    })
    return doc
  })
  for (let n = random.between(5, 25); n > 0; n--) {
    const doc = random.pick(docs)
    if (random.chance(0.5))
      for (; doc.seen < updates.length; doc.seen++) Y.applyUpdate(doc, updates[doc.seen], 'remote')
    doc.transact(() => edit(random, doc))
    if (random.chance(0.05)) updates.push(Y.encodeStateAsUpdate(doc))
  }
  return random.shuffle(updates)
}

const lines = []
for (let seed = 1; seed <= LOGS; seed++) {
  const updates = randomLog(new Random(seed))
  const doc = new Y.Doc()
  for (const update of updates) Y.applyUpdate(doc, update)
  lines.push(
    JSON.stringify({
      text: doc.getText('text').toString(),
      array: doc.getArray('array').toJSON(),
      map: doc.getMap('map').toJSON(),
      xml: doc.getXmlFragment('xml').toString()
    })
  )
  for (const update of updates) lines.push(Buffer.from(update).toString('hex'))
}
fs.writeFileSync(new URL('../../tests/update_support/yrs-logs.txt', import.meta.url), `${lines.join('\n')}\n`)
