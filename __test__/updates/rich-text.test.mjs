/** Rich text with many deleted paragraphs: what makes logs large where what is below a deleted parent is kept. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as Y from 'yjs'
import { logOf, newStats, run } from './support/corpus.mjs'
import { merge } from './support/engine.mjs'
import { randomRichText } from '../../scripts/yjs-logs/rich-text.mjs'
import { load } from './support/view.mjs'

const SEED = Number(process.env.SEED ?? 1)
const LOGS = 150

const logs = Array.from({ length: LOGS }, (_, i) => logOf(SEED + i, randomRichText))

for (const [name, title] of Object.entries({
  showsTheSame: 'the merged update shows the same text',
  givesTheSameBytes: 'merging is idempotent and blind to order',
  survivesRounds: 'compaction in rounds over any parts gives the same text as in one go',
  waitsForGaps: 'text with missing updates is completed by them',
  keepsEveryUnit: 'no id and no deletion is lost',
  isVerified: 'the second reading passes every merge, and none that lacks an update'
})) {
  test(title, t => {
    const stats = newStats()
    for (const log of logs) run(name, log, stats)
    t.diagnostic(`seeds ${SEED} to ${SEED + LOGS - 1}: ${JSON.stringify(stats)}`)
  })
}

test('no log with deleted paragraphs gets larger than yjs writes it', t => {
  const sums = { theirs: 0, ours: 0 }
  for (const { seed, updates } of logs) {
    const theirs = Y.encodeStateAsUpdate(load(updates)).length
    const ours = merge(updates, { wholeLog: true }).length
    assert.ok(ours <= theirs, `seed ${seed}: ${ours} bytes of ${theirs}`)
    sums.theirs += theirs
    sums.ours += ours
  }
  t.diagnostic(`${sums.ours} bytes, yjs ${sums.theirs}: ${(sums.ours / sums.theirs).toFixed(3)}`)
})

test('compaction in rounds is as small as in one go, once the whole log is merged', () => {
  for (const { seed, updates } of logs) {
    let log = updates
    while (log.length > 3) log = [merge(log.slice(0, log.length / 2)), ...log.slice(log.length / 2)]
    const inRounds = merge(log, { wholeLog: true })
    const atOnce = merge(updates, { wholeLog: true })
    assert.ok(inRounds.length <= atOnce.length, `seed ${seed}: ${inRounds.length} bytes of ${atOnce.length}`)
  }
})
