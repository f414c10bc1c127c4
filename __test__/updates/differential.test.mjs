/**
 * The engine against yjs: what a `Y.Doc` shows that applied a log is what one shows that loaded the merged update.
 *
 * `SEED` (default 1) and `DOCUMENTS` (default 1,000) set which random logs. `npm run ready` adds seeds 1,001 to 3,000;
 * `npm run fuzz:yjs` goes on for longer.
 */

import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { CHECKS_OF_RELAYED_LOGS, logOf, newStats, run } from './support/corpus.mjs'
import { relayedLog } from './support/relayed-logs.mjs'
import { read } from './support/structs.mjs'

const SEED = Number(process.env.SEED ?? 1)
const DOCUMENTS = Number(process.env.DOCUMENTS ?? 1_000)

let logs

before(() => {
  logs = Array.from({ length: DOCUMENTS }, (_, i) => logOf(SEED + i))
})

function forAll(name, t) {
  const stats = newStats()
  for (const log of logs) run(name, log, stats)
  t.diagnostic(`seeds ${SEED} to ${SEED + DOCUMENTS - 1}: ${JSON.stringify(stats)}`)
  return stats
}

/** Where yjs itself shows one thing or another a comparison says less: that must stay rare. */
function assertMostlyClear(stats) {
  if (DOCUMENTS < 100) return
  assert.ok(stats.ambiguous <= 0.05 * DOCUMENTS, `${stats.ambiguous} ambiguous`)
  assert.ok(stats.cutCharacters <= 0.2 * DOCUMENTS, `${stats.cutCharacters} with cut characters`)
  assert.ok(
    stats.collectedCopies <= 0.15 * DOCUMENTS,
    `${stats.collectedCopies} with collected copies in a gap`
  )
}

test('the logs hold every kind of content', { skip: DOCUMENTS < 100 && 'needs 100 documents' }, () => {
  const kinds = new Set(
    logs.flatMap(({ updates }) => updates.flatMap(update => read(update).structs.map(({ kind }) => kind)))
  )
  assert.deepEqual([...kinds].sort(), [
    'Any',
    'Binary',
    'Deleted',
    'Doc',
    'Embed',
    'Format',
    'GC',
    'JSON',
    'Skip',
    'String',
    'Type'
  ])
})

test('a document loaded from the merged update shows what the log shows', t => {
  assertMostlyClear(forAll('showsTheSame', t))
})

test('the bytes depend neither on the order of the updates nor on repetition', t => {
  forAll('givesTheSameBytes', t)
})

test('merging in groups gives the bytes of merging at once', t => {
  forAll('isAssociative', t)
})

test('every id, every deletion and every unit of content comes out as it went in', t => {
  forAll('keepsEveryUnit', t)
})

test('the second reading passes every merge, and none that lacks an update', t => {
  forAll('isVerified', t)
})

test('compaction of any parts in any rounds gives the same document', t => {
  assertMostlyClear(forAll('survivesRounds', t))
})

test('updates behind a gap wait, and the missing ones complete them, before and after a second merge', t => {
  assertMostlyClear(forAll('waitsForGaps', t))
})

test('a peer with a prefix of the log gets the rest from the diff', t => {
  assertMostlyClear(forAll('bringsPeersUpToDate', t))
})

test('no document gets larger than yjs writes it, and all together are smaller', t => {
  const { theirBytes, ourBytes, ourTailBytes } = forAll('isSmall', t)
  assert.ok(ourBytes <= theirBytes, `${ourBytes} bytes of ${theirBytes}`)
  assert.ok(ourTailBytes <= theirBytes, `as tails ${ourTailBytes} bytes of ${theirBytes}`)
})

test('a read takes the GC copy of an item that waits, like a document', t => {
  const stats = forAll('readsGcCopies', t)
  assertMostlyClear(stats)
  if (DOCUMENTS >= 1_000) assert.ok(stats.taken > 0, 'no GC copy was taken')
})

test('all of it holds for logs in which clients relay deleted items as GC', t => {
  const stats = newStats()
  for (let seed = SEED; seed < SEED + DOCUMENTS / 3; seed++) {
    const log = logOf(seed, relayedLog)
    for (const name of CHECKS_OF_RELAYED_LOGS) run(name, log, stats)
  }
  t.diagnostic(`seeds from ${SEED}: ${JSON.stringify(stats)}`)
})
