/**
 * The passage that `check.mjs` types: part of a real editing trace if its file is there, else a generated one.
 */
import fs from 'node:fs'
import * as Y from 'yjs'
import { RECORDED, readTrace } from '../../scripts/trace.mjs'

const EDITS = 3_000
const SEED = 20

/** The updates of one text as edits: `{ index, remove, insert }`. */
const editsOf = updates => {
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
  for (const update of updates) {
    if (edits.length >= EDITS) break
    Y.applyUpdate(doc, update)
  }
  return edits
}

/** Insertions and deletions at random places. The same seed gives the same edits. */
const generated = seed => {
  let state = seed
  const below = limit => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * limit)
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

export const passage = () =>
  fs.existsSync(RECORDED)
    ? { edits: editsOf(readTrace(RECORDED)), source: 'a real editing trace' }
    : { edits: generated(SEED), source: `a generated passage (seed ${SEED})` }
