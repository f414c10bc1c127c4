/**
 * What the demo's check types: a passage of a real editing trace where its file is present, else a made-up one.
 */
import fs from 'node:fs'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import * as Y from 'yjs'

const TRACE = process.env.Y_DYNAMODB_TRACE ?? fileURLToPath(new URL('../../shared/data/b4-updates.bin.gz', import.meta.url))
const EDITS = 3_000
const SEED = 20

/** Updates of one text, each behind its length (uint32, little-endian), as edits `{ index, remove, insert }`. */
const editsOf = bytes => {
  const edits = []
  const doc = new Y.Doc()
  doc.getText('text').observe(({ delta }) => {
    let index = 0
    let shift = 0
    for (const { retain = 0, insert = '', delete: remove = 0 } of delta) {
      index += retain
      if (insert || remove) edits.push({ index: index + shift, remove, insert })
      shift += insert.length
    }
  })
  for (let at = 0; edits.length < EDITS && at < bytes.length;) {
    const length = bytes.readUInt32LE(at)
    Y.applyUpdate(doc, bytes.subarray(at + 4, at + 4 + length))
    at += 4 + length
  }
  return edits
}

/** Words at places that jump, and deletions: the same for the same seed. */
const madeUp = seed => {
  let state = seed
  const below = limit => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor(state / 2 ** 32 * limit)
  }
  const edits = []
  for (let length = 0; edits.length < EDITS;) {
    const index = below(length + 1)
    const remove = below(4) === 0 ? Math.min(below(6), length - index) : 0
    const insert = remove > 0 ? '' : ['a', 'n', 'é', '漢', ' ', 'word ', '\n'][below(7)]
    edits.push({ index, remove, insert })
    length += insert.length - remove
  }
  return edits
}

export const passage = () => fs.existsSync(TRACE)
  ? { edits: editsOf(gunzipSync(fs.readFileSync(TRACE))), source: 'a real editing trace' }
  : { edits: madeUp(SEED), source: `a made-up passage (seed ${SEED})` }
