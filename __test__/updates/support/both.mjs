/** Both versions of yjs, as a server uses them: what either throws on is unreadable. */

import * as Y13 from 'yjs'
import * as Y14 from '@y/y'
import { ROOTS } from '../../../scripts/yjs-logs/writer.mjs'
import { Bytes, encode, KIND } from './structure.mjs'

const VERSIONS = { 'yjs 13': Y13, 'yjs 14': Y14 }

/** Applies updates one after another, encodes what a peer gets, and deletes everything. Says which version throws. */
export function applyToBoth(updates, { gc = true, typed = true } = {}) {
  for (const [version, Y] of Object.entries(VERSIONS)) {
    const doc = new Y.Doc({ gc })
    doc.clientID = 4242424242
    if (typed) for (const name of Object.keys(ROOTS)) doc.get(name, Y === Y13 ? ROOTS[name] : undefined)
    // With a listener yjs encodes each change.
    doc.on('update', () => {})
    try {
      for (const update of updates) Y.applyUpdate(doc, update)
      Y.encodeStateAsUpdate(doc)
      const clocks = Y.decodeStateVector(Y.encodeStateVector(doc))
      Y.applyUpdate(
        doc,
        encode({
          sections: [],
          deletions: [...clocks].map(([client, clock]) => ({ client, ranges: [[0, clock]] }))
        })
      )
      Y.encodeStateAsUpdate(doc)
    } catch (error) {
      throw new Error(
        `${version}: ${error.message}\n  ${updates.map(update => `[${update}]`).join(',\n  ')}`,
        { cause: error }
      )
    }
  }
}

/** Runs `work` without what yjs prints about client ids and subdocuments. */
export function quietly(work) {
  const { log, error } = console
  Object.assign(console, { log() {}, error() {} })
  try {
    return work()
  } finally {
    Object.assign(console, { log, error })
  }
}

/** One update for each gap of an update: before what it holds, between it, and where it names something. */
export function fillers(random, { sections, deletions }) {
  const held = new Map()
  const needed = new Map()
  const need = (client, end) => {
    if (end < 1_000) needed.set(client, Math.max(needed.get(client) ?? 0, end))
  }
  for (const { client, clock, structs } of sections) {
    let at = clock
    if (!held.has(client)) held.set(client, [])
    for (const { kind, length, origin, right, parent } of structs) {
      if (kind !== KIND.SKIP) held.get(client).push([at, at + length])
      at += length
      for (const id of [origin, right, parent]) if (Array.isArray(id)) need(id[0], id[1] + 1)
    }
    need(client, at)
  }
  for (const { client, ranges } of deletions)
    for (const [clock, length] of ranges) need(client, clock + length)
  return [...needed].flatMap(([client, end]) =>
    gaps(held.get(client) ?? [], end).map(gap => filler(random, client, gap))
  )
}

function gaps(ranges, end) {
  const found = []
  let at = 0
  for (const [from, to] of [...ranges.sort((a, b) => a[0] - b[0]), [end, end]]) {
    if (from > at) found.push([at, from])
    at = Math.max(at, to)
  }
  return found
}

/** Letters, values, types, or all of it collected. In a map no client writes several values in one struct, as this may. */
function filler(random, client, [from, to]) {
  const structs = []
  const mode = random.below(4)
  for (let clock = from; clock < to; clock += structs.at(-1).length) {
    const length = mode === 2 ? 1 : to - clock
    const origin = clock > 0 && random.chance(0.5) ? [client, clock - 1] : null
    const struct = { origin, right: null, parent: random.pick(Object.keys(ROOTS)), key: null, length }
    structs.push(
      [
        { ...struct, kind: KIND.GC },
        { ...struct, kind: KIND.STRING, content: new Bytes().text('x'.repeat(length)).list },
        { ...struct, kind: KIND.TYPE, content: [1] },
        { ...struct, kind: KIND.ANY, content: new Bytes().uint(length).raw(Array(length).fill(126)).list }
      ][mode]
    )
  }
  return encode({ sections: [{ client, clock: from, structs }], deletions: [] })
}
