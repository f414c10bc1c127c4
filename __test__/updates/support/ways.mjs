/** Small updates, and every way to merge them. */

import * as Y from 'yjs'
import { merge } from './engine.mjs'

export const bytes = hex => Uint8Array.from(Buffer.from(hex, 'hex'))
export const hex = update => Buffer.from(update).toString('hex')

export const OPTIONS = [
  { wholeLog: true },
  {},
  { squash: false },
  { gc: false },
  { gc: false, squash: false }
]

export function load(...updates) {
  const doc = new Y.Doc()
  for (const update of updates) Y.applyUpdate(doc, update)
  return doc
}

export const text = (...updates) =>
  load(...updates)
    .getText('t')
    .toString()

/** All orders of a short list. */
export function orders(list) {
  if (list.length < 2) return [list]
  return list.flatMap((first, i) => orders(list.toSpliced(i, 1)).map(rest => [first, ...rest]))
}

/** Calls `check` with what each way to merge gives, for each order of the updates. */
export function forEachMerge(updates, check, all = OPTIONS) {
  for (const options of all) {
    for (const order of orders(updates)) check(merge(order, options), JSON.stringify(options))
  }
}

export const oneResult = updates => new Set(orders(updates).map(order => hex(merge(order))))
