'use strict'

/** Reads a merged update with yjs: its root types, and the updates that it depends on and are missing. */

const { invalidArgument } = require('../lib/arguments.js')
const { PersistenceError } = require('../lib/errors.js')

/** Content types, by their number in the update format. */
const DELETED = 1
const STRING = 4
const EMBED = 5
const FORMAT = 6
const TYPE = 7

/** Loads yjs, as an ES module if it cannot be loaded as CommonJS (a prerelease of 14). */
async function loadYjs() {
  try {
    return require('yjs')
  } catch (cause) {
    if (cause.code === 'MODULE_NOT_FOUND' && cause.message.includes("'yjs'")) throw notInstalled(cause)
    return await import('yjs').catch(error => {
      throw notInstalled(error)
    })
  }
}

function notInstalled(cause) {
  return invalidArgument(
    `this command needs yjs, which cannot be loaded (${cause.code ?? cause.message}): npm install yjs`
  )
}

/** @returns {Y.Doc} */
function toDoc(Y, update, docName) {
  const doc = new Y.Doc({ gc: false })
  try {
    Y.applyUpdate(doc, update)
  } catch (cause) {
    throw new PersistenceError('yjs cannot apply what is stored', { code: 'ERR_CORRUPT', docName, cause })
  }
  return doc
}

/** The clients, with their highest clocks, that stored updates depend on and that are missing; undefined if none. */
function missingUpdates(doc) {
  const { pendingStructs, pendingDs } = doc.store
  if (pendingStructs == null && pendingDs == null) return undefined
  return [...(pendingStructs?.missing ?? [])].map(([client, clock]) => ({ client, clock }))
}

/** The root types: `{ name, kind, text?, json }`. The kind is guessed from the content, because the update format does not have it. */
function rootsOf(Y, doc) {
  return [...doc.share.keys()].sort().map(name => {
    // @y/y has a single type.
    if (typeof doc.getMap !== 'function') return { name, kind: 'type', json: doc.get(name).toJSON() }
    const kind = kindOf(Y, doc.share.get(name))
    switch (kind) {
      case 'map':
        return { name, kind, json: doc.getMap(name).toJSON() }
      case 'array':
        return { name, kind, json: doc.getArray(name).toJSON() }
      case 'xml':
        return { name, kind, text: doc.getXmlFragment(name).toString(), json: null }
      case 'text':
        return { name, kind, ...textOf(doc.getText(name)) }
      default:
        return { name, kind, json: null }
    }
  })
}

/** yjs 14 has no `toDelta`. */
function textOf(text) {
  return { text: text.toString(), json: text.toDelta?.() ?? text.toJSON() }
}

function kindOf(Y, type) {
  if (type._map.size > 0) return 'map'
  for (let item = type._start; item !== null; item = item.right) {
    const ref = item.content.getRef()
    if (ref === STRING || ref === EMBED || ref === FORMAT) return 'text'
    if (ref === TYPE && isXml(Y, item.content.type)) return 'xml'
    if (ref !== DELETED) return 'array'
  }
  return type._start === null ? 'empty' : 'deleted'
}

function isXml(Y, type) {
  return [Y.XmlElement, Y.XmlText, Y.XmlHook].some(kind => kind !== undefined && type instanceof kind)
}

module.exports = { loadYjs, missingUpdates, rootsOf, toDoc }
