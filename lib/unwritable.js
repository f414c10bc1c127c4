'use strict'

/**
 * Content that Yjs reads but cannot write. One message with such content ends all events of a document: Yjs throws while it
 * encodes the update event, and does not run the cleanup of any later transaction. So such content is deleted before Yjs
 * encodes it.
 *
 * Needs no copy of Yjs, only the structs of the document, so that a document is protected as soon as it is bound.
 */

const { isUint8Array } = require('node:util').types

/** About half of the depth at which `JSON.stringify` overflows the stack of Node. */
const MAX_NESTING = 2_000

/** `getRef()` of the kinds of content that can be unwritable: JSON, Embed, Format, Any, Doc. */
const CAN_FAIL = new Set([2, 5, 6, 8, 9])

/** An encoder of Yjs that writes nothing, and throws if a real one would. */
const CHECKING_ENCODER = {
  writeLen() {},
  writeString: checkString,
  writeKey: checkString,
  writeAny: value => checkAny(value, 0),
  writeJSON(value) {
    if (
      typeof value === 'string'
      || typeof value === 'number'
      || typeof value === 'boolean'
      || value === null
    )
      return
    checkAny(value, 0)
    checkString(JSON.stringify(value))
  }
}

function checkString(value) {
  if (typeof value !== 'string') throw new TypeError('a text is not a string')
}

function checkAny(value, nesting) {
  if (typeof value !== 'object' || value === null) return
  if (nesting > MAX_NESTING) throw new RangeError(`values are nested more than ${MAX_NESTING} deep`)
  if (Array.isArray(value)) {
    for (const element of value) checkAny(element, nesting + 1)
  } else if (value instanceof Uint8Array) {
    if (!isUint8Array(value)) throw new TypeError('a value has the prototype of bytes and holds none')
  } else {
    for (const key of Object.keys(value)) checkAny(value[key], nesting + 1)
  }
}

/** Why Yjs cannot write the content of a struct; undefined if it can. */
function whyUnwritable({ content }) {
  if (content === undefined || !CAN_FAIL.has(content.getRef())) return undefined
  try {
    content.write(CHECKING_ENCODER, 0, 0)
    return undefined
  } catch (error) {
    return error
  }
}

function isWritable(struct) {
  return whyUnwritable(struct) === undefined
}

/**
 * Deletes the content that a transaction added and Yjs cannot write, in the same transaction.
 *
 * @param [state] for Yjs 13, client → clock: where to end. The update event also contains what observers add in transactions
 *   of their own
 * @returns `{ id, cause }` for each struct
 */
function deleteUnwritableOf(transaction, state = transaction.afterState) {
  const deleted = []
  if (transaction.insertSet !== undefined) {
    transaction.insertSet.clients.forEach((ranges, client) =>
      deleteFrom(transaction, client, ranges.getIds()[0].clock, deleted)
    )
    return deleted
  }
  // Yjs 13
  const { beforeState } = transaction
  state.forEach((clock, client) => {
    if (beforeState.get(client) !== clock)
      deleteFrom(transaction, client, beforeState.get(client) ?? 0, deleted)
  })
  return deleted
}

/** As `deleteUnwritableOf`, just before the update event. */
function deleteObserved(transaction) {
  const { doc } = transaction
  // There is no further transaction, so observers added nothing.
  if (doc._transactionCleanups?.length === 1) return []
  const state = new Map()
  doc.store.clients.forEach((structs, client) => {
    const last = structs[structs.length - 1]
    state.set(client, last.id.clock + last.length)
  })
  return deleteUnwritableOf(transaction, state)
}

/** As `deleteUnwritableOf`, of the whole document, in a transaction of its own. */
function deleteAllUnwritable(ydoc, origin) {
  return ydoc.transact(transaction => {
    const deleted = []
    for (const client of [...ydoc.store.clients.keys()]) deleteFrom(transaction, client, 0, deleted)
    return deleted
  }, origin)
}

/** Deletes unwritable content in the structs of a client, from `clock` on. */
function deleteFrom(transaction, client, clock, deleted) {
  const { store } = transaction.doc
  const structs = store.clients.get(client) ?? []
  for (let i = structs.length - 1; i >= 0; i--) {
    const struct = structs[i]
    if (struct.id.clock + struct.length <= clock) return
    const cause = whyUnwritable(struct)
    if (cause === undefined) continue
    struct.delete(transaction)
    // Replaces the content, also if the document keeps deleted content. Yjs 13 takes the store, Yjs 14 the transaction.
    struct.gc(transaction.insertSet === undefined ? store : transaction, false)
    deleted.push({ id: struct.id, cause })
  }
}

/**
 * Lets Yjs run cleanups and send events again, after a listener or Yjs itself threw during a cleanup. To be called in a
 * microtask: the cleanup is synchronous, so transactions that are left by then are never cleaned up.
 *
 * @returns the transactions without a complete cleanup, oldest first
 */
function resumeEvents(ydoc) {
  const stuck = ydoc._transactionCleanups ?? []
  if (stuck.length === 0 || ydoc._transaction !== null) return []
  ydoc._transactionCleanups = []
  return stuck
}

/** The state before all of the transactions, as a Map. */
function stateBefore(transactions) {
  const [first, ...others] = transactions.map(({ beforeState }) => beforeState)
  const state = new Map(first)
  for (const other of others) {
    for (const [client, clock] of state) state.set(client, Math.min(clock, other.get(client) ?? 0))
  }
  return state
}

module.exports = {
  deleteAllUnwritable,
  deleteObserved,
  deleteUnwritableOf,
  isWritable,
  resumeEvents,
  stateBefore
}
