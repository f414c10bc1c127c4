/** Finds, reads or generates the editing traces that the benchmarks use. */

import fs from 'node:fs'
import zlib from 'node:zlib'
import { fileURLToPath } from 'node:url'
import * as Y from 'yjs'

/** The path of the recorded editing trace: `Y_DYNAMODB_TRACE`, or a default beside the clone. The file may be missing. */
export const RECORDED =
  process.env.Y_DYNAMODB_TRACE
  ?? fileURLToPath(new URL('../../shared/data/b4-updates.bin.gz', import.meta.url))

/** The updates in a file, which can be gzipped. Before each update is its length, a u32 in little-endian order. */
export function readTrace(file) {
  const stored = fs.readFileSync(file)
  const bytes = stored.readUInt16BE(0) === 0x1f8b ? zlib.gunzipSync(stored) : stored
  const updates = []
  for (let at = 0; at < bytes.length;) {
    const length = bytes.readUInt32LE(at)
    updates.push(Uint8Array.from(bytes.subarray(at + 4, at + 4 + length)))
    at += 4 + length
  }
  return updates
}

/** `length` updates of one author who types and deletes letters in bursts at random positions. Always the same. */
export function typingTrace(length) {
  const doc = new Y.Doc()
  doc.clientID = 3_141_592_653
  const updates = []
  doc.on('update', update => updates.push(update))
  const text = doc.getText('text')
  let state = 1
  const below = n => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
    return Math.floor((state / 2 ** 32) * n)
  }
  let cursor = 0
  while (updates.length < length) {
    if (below(6) === 0) cursor = below(text.length + 1)
    for (let n = below(40); n > 0 && updates.length < length; n--)
      text.insert(cursor++, String.fromCharCode(97 + below(26)))
    for (let n = below(17); n > 0 && cursor > 0 && updates.length < length; n--) text.delete(--cursor, 1)
  }
  return updates
}
