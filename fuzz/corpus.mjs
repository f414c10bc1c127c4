/** The first inputs for fuzzing, from small random logs of yjs. They are always the same. */

import fs from 'node:fs'
import path from 'node:path'
import * as Y from 'yjs'
import { randomLog } from '../scripts/yjs-logs/logs.mjs'
import { Random } from '../scripts/yjs-logs/random.mjs'
import { randomRichText } from '../scripts/yjs-logs/rich-text.mjs'

const MAX_BYTES = 1_500
const LOGS = 12

/** Joins several byte strings to one input. Before each is its length, a u16 in little-endian order. */
function join(parts) {
  return Buffer.concat(
    parts.flatMap(part => {
      const length = Buffer.alloc(2)
      length.writeUInt16LE(part.length)
      return [length, part]
    })
  )
}

function load(updates) {
  const doc = new Y.Doc()
  for (const update of updates) Y.applyUpdate(doc, update)
  return doc
}

/** Writes the inputs of each target to `folder/TARGET`. */
export function writeCorpus(folder) {
  function write(target, name, bytes) {
    if (bytes.length > MAX_BYTES) return
    fs.mkdirSync(path.join(folder, target), { recursive: true })
    fs.writeFileSync(path.join(folder, target, name), bytes)
  }

  for (let seed = 1; seed <= LOGS; seed++) {
    const make = seed % 4 === 0 ? randomRichText : randomLog
    const { updates } = make(new Random(seed), { steps: 4 + seed, clients: 1 + (seed % 3) })
    const doc = load(updates)
    const state = Y.encodeStateAsUpdate(doc)
    const half = Y.encodeStateVector(load(updates.slice(0, updates.length / 2)))
    write('validate', `state-${seed}`, state)
    write(
      'validate',
      `update-${seed}`,
      updates.reduce((longest, update) => (update.length > longest.length ? update : longest))
    )
    write('merge', `log-${seed}`, join(updates.slice(0, 8)))
    write('merge', `gap-${seed}`, join([state, ...updates.filter((_, i) => i % 2 === 1).slice(0, 4)]))
    write('diff', `half-${seed}`, join([half, state]))
    write('state_vector', `state-${seed}`, state)
    write('state_vector', `vector-${seed}`, Y.encodeStateVector(doc))
    write('verify', `log-${seed}`, join([...updates.slice(0, 6), Y.mergeUpdates(updates.slice(0, 6))]))
  }
}
