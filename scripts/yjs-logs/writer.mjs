/** A client that makes random edits of every kind that yjs offers. */

import * as Y from 'yjs'
import { anyValue, bytes, jsonValue, objectOf, words } from './values.mjs'

/** The root types of every test document. */
export const ROOTS = { text: Y.Text, array: Y.Array, map: Y.Map, xml: Y.XmlFragment }

const MAP_KEYS = ['k', 'l', 'm']
const FORMATS = ['bold', 'italic', 'link']

export class Writer {
  constructor(random, { clientId, gc, undo, themes }) {
    this.random = random
    this.themes = themes
    this.doc = new Y.Doc({ gc })
    this.doc.clientID = clientId
    this.roots = Object.entries(ROOTS).map(([name, type]) => this.doc.get(name, type))
    // The end of the last edit. Many edits continue there, as people do.
    this.cursor = { type: null, at: 0 }
    this.undo = undo ? new Y.UndoManager(this.roots, { captureTimeout: 0 }) : null
  }

  /** Makes a few random edits in one transaction, or undoes or redoes one. */
  edit() {
    const { random, undo } = this
    if (undo !== null && random.chance(0.2)) return random.chance(0.6) ? undo.undo() : undo.redo()
    this.doc.transact(() => {
      for (let n = random.between(1, 4); n > 0; n--) this.#editOne()
    })
  }

  #editOne() {
    const types = this.#types()
    const type =
      this.random.chance(0.4) && types.includes(this.cursor.type) ? this.cursor.type : this.random.pick(types)
    if (type instanceof Y.XmlText || type instanceof Y.Text) return this.#editText(type)
    if (type instanceof Y.Map) return this.#editMap(type)
    if (type instanceof Y.XmlElement && this.random.chance(0.4)) return this.#editAttributes(type)
    if (type instanceof Y.XmlFragment) return this.#editChildren(type)
    return this.#editArray(type)
  }

  /** The root types of the themes and the types nested in them, about 40 at most. */
  #types() {
    const types = this.doc.share.size > 0 ? this.themes.map(name => this.doc.get(name, ROOTS[name])) : []
    for (let i = 0; i < types.length && types.length < 40; i++) types.push(...childTypes(types[i]))
    return types
  }

  #editText(text) {
    const { random } = this
    const at = this.#at(text)
    const rest = text.length - at
    switch (random.below(8)) {
      case 0:
      case 1:
      case 2:
        return this.#type(text, at)
      case 3:
        return text.insert(at, words(random), this.#formats())
      case 4:
        return text.insertEmbed(
          at,
          random.chance(0.2) ? this.#newType() : objectOf(random, () => jsonValue(random))
        )
      case 5:
        return text.format(at, random.below(rest + 1), this.#formats())
      case 6:
        return text.delete(at, Math.min(rest, random.chance(0.2) ? rest : random.between(1, 4)))
      default:
        return this.#splitSurrogates(text)
    }
  }

  /** Inserts a letter or words. */
  #type(text, at) {
    const written = this.random.chance(0.5) ? this.random.pick(['a', 'b', 'ä', '😀']) : words(this.random)
    text.insert(at, written)
    this.cursor = { type: text, at: at + written.length }
  }

  /** The position for the next edit: the end of the last edit, or a random one. */
  #at(list) {
    const { type, at } = this.cursor
    return type === list && at <= list.length && this.random.chance(0.6)
      ? at
      : this.random.below(list.length + 1)
  }

  /** Inserts or deletes between the two halves of a surrogate pair. Without a pair, appends one. */
  #splitSurrogates(text) {
    const at = text.toString().search(/[\ud800-\udbff]/)
    if (at < 0 || at + 1 >= text.length) return text.insert(text.length, '😀')
    return this.random.chance(0.5) ? text.insert(at + 1, 'x') : text.delete(at + this.random.below(2), 1)
  }

  #formats() {
    const { random } = this
    const value = () => random.pick([true, null, null, 'u', jsonValue(random)])
    return Object.fromEntries(random.some(FORMATS, 0.4).map(key => [key, value()]))
  }

  #editArray(array) {
    const { random } = this
    const at = this.#at(array)
    if (random.chance(0.3))
      return array.delete(
        at,
        Math.min(array.length - at, random.chance(0.2) ? Infinity : random.between(1, 3))
      )
    if (random.chance(0.1))
      return append(
        this.doc,
        array,
        new Y.ContentJSON(Array.from({ length: random.between(1, 3) }, () => jsonValue(random)))
      )
    if (random.chance(0.1))
      return append(
        this.doc,
        array,
        new Y.ContentAny(Array.from({ length: random.between(1, 3) }, () => anyValue(random)))
      )
    const values = Array.from({ length: random.between(1, 4) }, () => insertable(this.#value()))
    array.insert(at, values)
    this.cursor = { type: array, at: at + values.length }
  }

  #editMap(map) {
    const key = this.random.pick(MAP_KEYS)
    if (this.random.chance(0.25)) map.delete(key)
    else map.set(key, this.#value())
  }

  #editAttributes(element) {
    const key = this.random.pick(MAP_KEYS)
    if (this.random.chance(0.25)) element.removeAttribute(key)
    else element.setAttribute(key, this.random.chance(0.7) ? words(this.random) : anyValue(this.random))
  }

  #editChildren(fragment) {
    const { random } = this
    const at = random.below(fragment.length + 1)
    if (random.chance(0.3)) return fragment.delete(at, Math.min(fragment.length - at, random.between(1, 3)))
    const kinds = [
      () => new Y.XmlElement('p'),
      () => new Y.XmlElement('long-name'),
      () => new Y.XmlText(words(random)),
      () => new Y.XmlHook('hook')
    ]
    fragment.insert(
      at,
      Array.from({ length: random.between(1, 2) }, () => random.pick(kinds)())
    )
  }

  #value() {
    const { random } = this
    if (random.chance(0.15)) return this.#newType()
    if (random.chance(0.08)) return bytes(random)
    if (random.chance(0.05)) return this.#subdocument()
    return anyValue(random)
  }

  #newType() {
    const { random } = this
    switch (random.below(6)) {
      case 0:
        return new Y.Map(Object.entries({ k: anyValue(random) }))
      case 1:
        return Y.Array.from([insertable(anyValue(random)), insertable(anyValue(random))])
      case 2:
        return new Y.Text(words(random))
      case 3:
        return new Y.XmlElement('nested')
      case 4:
        return new Y.XmlText(words(random))
      default:
        return new Y.Map()
    }
  }

  #subdocument() {
    const { random } = this
    return new Y.Doc({
      guid: `guid-${random.below(1000)}`,
      gc: random.chance(0.7),
      autoLoad: random.chance(0.3),
      meta: random.chance(0.5) ? objectOf(random, () => anyValue(random)) : null
    })
  }
}

/** `Y.Array` rejects `undefined` and bigints as elements, but accepts them inside another value. */
function insertable(value) {
  return value === undefined || typeof value === 'bigint' ? [value] : value
}

function childTypes(type) {
  const children = []
  for (const value of type instanceof Y.Map ? type.values() : type instanceof Y.Text ? [] : type.toArray()) {
    if (value instanceof Y.AbstractType) children.push(value)
  }
  return children
}

/** Appends content that no method of `Y.Array` creates: ContentJSON of older versions, and `undefined` or bigint elements. */
function append(doc, array, content) {
  let last = array._start
  while (last !== null && last.right !== null) last = last.right
  doc.transact(transaction => {
    const id = Y.createID(doc.clientID, Y.getState(doc.store, doc.clientID))
    new Y.Item(id, last, last && last.lastId, null, null, array, null, content).integrate(transaction, 0)
  })
}
