/** `node fuzz/corpus.mjs`: writes the inputs that fuzzing begins with, from small random logs of yjs. Always the same. */

import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import * as Y from 'yjs'
import { randomLog } from '../__test__/updates/support/logs.mjs'
import { Random } from '../__test__/updates/support/random.mjs'
import { randomRichText } from '../__test__/updates/support/rich-text.mjs'

const FOLDER = path.join(path.dirname(fileURLToPath(import.meta.url)), 'corpus')
const MAX_BYTES = 1_500
const LOGS = 12

function write(target, name, bytes) {
  if (bytes.length > MAX_BYTES) return
  fs.mkdirSync(path.join(FOLDER, target), { recursive: true })
  fs.writeFileSync(path.join(FOLDER, target, name), bytes)
}

/** Several byte strings as one input: each behind a u16 of its length. */
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
