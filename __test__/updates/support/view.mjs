/** What a user of a `Y.Doc` can see of it, as text: two documents are the same if their views are. */

import * as Y from 'yjs'
import { idsOf, rangesOf } from './structs.mjs'
import { ROOTS } from '../../../scripts/yjs-logs/writer.mjs'

/** A document that loaded updates one after another. */
export function load(updates, { gc = true } = {}) {
  const doc = new Y.Doc({ gc })
  doc.clientID = 4242424242
  for (const [name, type] of Object.entries(ROOTS)) doc.get(name, type)
  for (const update of updates) Y.applyUpdate(doc, update)
  return doc
}

/** Content of all root types, state vector and what waits for missing updates. */
export function view(doc) {
  return [...contentView(doc), ...stateView(doc)].join('\n')
}

export function contentView(doc) {
  return [...doc.share]
    .sort((a, b) => (a[0] < b[0] ? -1 : 1))
    .map(([name]) => {
      const type = doc.get(name, ROOTS[name])
      const xml = type instanceof Y.XmlFragment ? ` ${xmlText(type)}` : ''
      return `${name}: ${show(type)}${xml}`
    })
}

/** Hooks without a hook name in scope have no `toString` of their own kind; the rest of the tree has. */
function xmlText(fragment) {
  return JSON.stringify(fragment.toString())
}

export function stateView(doc) {
  return [
    `states: ${showStates(doc)}`,
    `waiting: ${showRanges(waitingIds(doc))}`,
    `waiting deletions: ${showRanges(waitingDeletions(doc))}`
  ]
}

function showStates(doc) {
  const states = Y.decodeStateVector(Y.encodeStateVector(doc))
  return [...states]
    .sort((a, b) => a[0] - b[0])
    .map(([client, clock]) => `${client}:${clock}`)
    .join(' ')
}

/** Ids of structs that could not be integrated yet. */
export function waitingIds(doc) {
  const pending = doc.store.pendingStructs
  if (pending === null) return new Map()
  const { structs } = Y.decodeUpdateV2(pending.update)
  const list = structs.filter(struct => struct.constructor !== Y.Skip)
  return beyondState(
    doc,
    list.map(struct => ({ client: struct.id.client, clock: struct.id.clock, length: struct.length }))
  )
}

/** Ids that are deleted once they come. */
function waitingDeletions(doc) {
  const pending = doc.store.pendingDs
  if (pending === null) return new Map()
  const list = []
  for (const [client, ranges] of Y.decodeUpdateV2(pending).ds.clients) {
    for (const { clock, len } of ranges) list.push({ client, clock, length: len })
  }
  return beyondState(doc, list)
}

function beyondState(doc, list) {
  return rangesOf(
    list.map(({ client, clock, length }) => {
      const from = Math.max(clock, Y.getState(doc.store, client))
      return { client, clock: from, length: Math.max(0, clock + length - from) }
    })
  )
}

export function showRanges(ranges) {
  return [...ranges]
    .map(([client, list]) => `${client}:${list.map(([from, to]) => `${from}-${to}`).join(',')}`)
    .join(' ')
}

export function showIds(update) {
  return showRanges(idsOf(update))
}

/** A value with its type: `-0`, `1n`, `undefined`, key order and subdocument options make a difference. */
function show(value) {
  if (value instanceof Y.Doc) return `doc ${JSON.stringify(value.guid)} ${show(value._item.content.opts)}`
  if (value instanceof Y.XmlText) return `xmltext${attributes(value)} ${delta(value)}`
  if (value instanceof Y.Text) return `text${attributes(value)} ${delta(value)}`
  if (value instanceof Y.XmlHook) return `hook ${value.hookName} ${entries(value)}`
  if (value instanceof Y.XmlElement)
    return `<${value.nodeName}${attributes(value)}>[${value.toArray().map(show).join(', ')}]`
  if (value instanceof Y.XmlFragment) return `fragment [${value.toArray().map(show).join(', ')}]`
  if (value instanceof Y.Map) return `map ${entries(value)}`
  if (value instanceof Y.Array) return `array (${value.length}) [${value.toArray().map(show).join(', ')}]`
  if (value instanceof Uint8Array) return `bytes ${Buffer.from(value).toString('hex')}`
  if (Array.isArray(value)) return `[${value.map(show).join(', ')}]`
  if (typeof value === 'bigint') return `${value}n`
  if (Object.is(value, -0)) return '-0'
  if (typeof value === 'object' && value !== null) {
    return `{${Object.entries(value)
      .map(([key, v]) => `${JSON.stringify(key)}: ${show(v)}`)
      .join(', ')}}`
  }
  // A `Y.Doc` keeps what waits in a format that has no lone surrogates: it may show them or their replacement.
  return typeof value === 'string' ? JSON.stringify(value.toWellFormed()) : String(value)
}

function delta(text) {
  return `(${text.length}) ${text
    .toDelta()
    .map(
      ({ insert, attributes }) => `${show(insert)}${attributes === undefined ? '' : showSorted(attributes)}`
    )
    .join(' ')}`
}

/** The order in which formats were opened is no part of a text. */
function showSorted(object) {
  return `{${Object.keys(object)
    .sort()
    .map(key => `${JSON.stringify(key)}: ${show(object[key])}`)
    .join(', ')}}`
}

function attributes(type) {
  return Object.keys(type.getAttributes()).length === 0 ? '' : ` ${showSorted(type.getAttributes())}`
}

function entries(map) {
  return `{${[...map.entries()]
    .sort((a, b) => (a[0] < b[0] ? -1 : 1))
    .map(([key, v]) => `${JSON.stringify(key)}: ${show(v)}`)
    .join(', ')}}`
}
