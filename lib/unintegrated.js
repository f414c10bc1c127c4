'use strict'

/**
 * What a document has received and Yjs has not integrated because of a gap: structs and deletions whose predecessors have not
 * arrived. Remembers which of these ids are stored, so that each is stored once.
 */

const { isWritable } = require('./unwritable.js')

/** The info byte of a Skip in an update. */
const SKIP = 10

class Unintegrated {
  #structs = new Ranges()
  #deletes = new Ranges()
  /** The bytes that were read last. Yjs replaces them when anything changes. */
  #last = []

  /**
   * What the document has not integrated and was not taken before, as one update; undefined if there is nothing. Content that
   * Yjs cannot write is replaced by deleted content.
   */
  take(Y, { store: { pendingStructs, pendingDs } }) {
    const updates = [pendingStructs?.update, pendingDs]
    if (updates.every((update, i) => update == null || update === this.#last[i])) return undefined
    this.#last = updates
    const structs = new Map()
    const deletes = new Map()
    for (const update of updates) {
      if (update == null) continue
      const decoded = Y.decodeUpdateV2(update)
      for (const struct of decoded.structs) this.#takeStruct(Y, struct, structs)
      decoded.ds.clients.forEach((ranges, client) => this.#takeDeletes(client, ranges, deletes))
    }
    return structs.size + deletes.size > 0 ? encode(Y, structs, deletes) : undefined
  }

  #takeStruct(Y, struct, taken) {
    // All others are Skips, a class that older versions of Yjs do not export.
    if (!(struct instanceof Y.Item || struct instanceof Y.GC)) return
    const { client, clock } = struct.id
    const end = clock + struct.length
    const from = this.#structs.firstMissing(client, clock, end)
    if (from === undefined) return
    this.#structs.add(client, from, end)
    if (!isWritable(struct)) struct.content = new Y.ContentDeleted(struct.length)
    push(taken, client, { struct, from, end })
  }

  #takeDeletes(client, ranges, taken) {
    // Yjs 13 has an array here, Yjs 14 an object.
    for (const { clock, len } of ranges.getIds?.() ?? ranges) {
      const from = this.#deletes.firstMissing(client, clock, clock + len)
      if (from === undefined) continue
      this.#deletes.add(client, from, clock + len)
      push(taken, client, { from, end: clock + len })
    }
  }
}

/**
 * Replaces content that Yjs cannot write in what a document has not integrated: `Y.encodeStateAsUpdate` throws on it.
 *
 * @throws if Yjs cannot read it; it is dropped from the document then
 */
function makeUnintegratedWritable(Y, { store }) {
  const { pendingStructs } = store
  if (pendingStructs == null) return
  store.pendingStructs = null
  const update = new Unintegrated().take(Y, { store: { pendingStructs } })
  if (update !== undefined)
    store.pendingStructs = { ...pendingStructs, update: Y.convertUpdateFormatV1ToV2(update) }
}

/** Ids: for each client the ranges of clocks, sorted and not adjacent. */
class Ranges {
  /** client → `[from, end]` each */
  #clients = new Map()

  /** The first clock in `from … end` that is not in the ranges of the client. */
  firstMissing(client, from, end) {
    const ranges = this.#clients.get(client) ?? []
    const range = ranges[search(ranges, from)]
    const first = range !== undefined && range[0] <= from ? Math.max(from, range[1]) : from
    return first < end ? first : undefined
  }

  add(client, from, end) {
    if (!this.#clients.has(client)) this.#clients.set(client, [])
    const ranges = this.#clients.get(client)
    const first = search(ranges, from)
    let last = first
    for (; last < ranges.length && ranges[last][0] <= end; last++) {
      from = Math.min(from, ranges[last][0])
      end = Math.max(end, ranges[last][1])
    }
    ranges.splice(first, last - first, [from, end])
  }
}

/** The index of the first range that ends at `clock` or later. */
function search(ranges, clock) {
  let low = 0
  for (let high = ranges.length; low < high;) {
    const middle = (low + high) >>> 1
    if (ranges[middle][1] < clock) low = middle + 1
    else high = middle
  }
  return low
}

function push(map, key, value) {
  if (map.has(key)) map.get(key).push(value)
  else map.set(key, [value])
}

/** An update in format V1, where `writeLen` writes a varUint. */
function encode(Y, structs, deletes) {
  const encoder = new Y.UpdateEncoderV1()
  encoder.writeLen(structs.size)
  for (const [client, taken] of structs) {
    const gaps = taken.filter(({ from }, i) => i > 0 && from > taken[i - 1].end).length
    encoder.writeLen(taken.length + gaps)
    encoder.writeClient(client)
    encoder.writeLen(taken[0].from)
    let clock = taken[0].from
    for (const { struct, from, end } of taken) {
      if (from > clock) {
        encoder.writeInfo(SKIP)
        encoder.writeLen(from - clock)
      }
      struct.write(encoder, from - struct.id.clock, 0)
      clock = end
    }
  }
  encoder.writeLen(deletes.size)
  for (const [client, taken] of deletes) {
    encoder.writeLen(client)
    encoder.writeLen(taken.length)
    for (const { from, end } of taken) {
      encoder.writeLen(from)
      encoder.writeLen(end - from)
    }
  }
  return encoder.toUint8Array()
}

module.exports = { Unintegrated, makeUnintegratedWritable }
