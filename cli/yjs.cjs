'use strict'

/** What yjs says of a document: its root types as people read them, and what it waits for. */

const { invalidArgument } = require('../lib/arguments.js')
const { PersistenceError } = require('../lib/errors.js')

/** Kinds of content by their number in the update format. */
const DELETED = 1
const STRING = 4
const EMBED = 5
const FORMAT = 6
const TYPE = 7

/** As an ES module where it does not load as CommonJS: a prerelease of 14. */
async function loadYjs() {
  try {
    return require('yjs')
  } catch (cause) {
    if (cause.code === 'MODULE_NOT_FOUND' && cause.message.includes("'yjs'")) throw missing(cause)
    return await import('yjs').catch(error => {
      throw missing(error)
    })
  }
}

function missing(cause) {
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

/** The clients, each with the highest clock, that stored updates wait for; undefined where nothing is missing. */
function missingOf(doc) {
  const { pendingStructs, pendingDs } = doc.store
  if (pendingStructs == null && pendingDs == null) return undefined
  return [...(pendingStructs?.missing ?? [])].map(([client, clock]) => ({ client, clock }))
}

/** The root types: `{ name, kind, text?, json }`. The kind is guessed from the content: the format does not tell it. */
function rootsOf(Y, doc) {
  return [...doc.share.keys()].sort().map(name => {
    // @y/y has one type for all.
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

/** yjs 14 tells no delta. */
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

module.exports = { loadYjs, missingOf, rootsOf, toDoc }
