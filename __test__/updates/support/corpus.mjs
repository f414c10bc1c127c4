/** Runs checks over many random logs, and says which seed failed. */

import * as checks from './checks.mjs'
import { randomLog } from '../../../scripts/yjs-logs/logs.mjs'
import { Random } from '../../../scripts/yjs-logs/random.mjs'

/** Copies that yjs wrote differently itself have no bytes to agree on. */
const NEED_EQUAL_COPIES = new Set(['givesTheSameBytes', 'isAssociative', 'survivesRounds'])

export const CHECKS = [
  'showsTheSame',
  'givesTheSameBytes',
  'isAssociative',
  'keepsEveryUnit',
  'isVerified',
  'survivesRounds',
  'waitsForGaps',
  'readsGcCopies',
  'bringsPeersUpToDate',
  'isSmall'
]

/** Those that apply no merge to a document that has GC copies: see `readsGcCopies`. */
export const CHECKS_OF_RELAYED_LOGS = CHECKS.filter(
  name => name !== 'waitsForGaps' && name !== 'bringsPeersUpToDate'
)

export const newStats = () => ({
  logs: 0,
  ambiguous: 0,
  cutCharacters: 0,
  collectedCopies: 0,
  taken: 0,
  theirBytes: 0,
  ourBytes: 0,
  ourTailBytes: 0
})

/** One log and its seed. */
export function logOf(seed, make = randomLog) {
  return { seed, ...make(new Random(seed)) }
}

/** @throws {AssertionError} whose message begins with the seed of the log and how to run it alone */
export function run(name, log, stats) {
  if (log.escapes && NEED_EQUAL_COPIES.has(name)) return
  stats.logs++
  try {
    checks[name](log.updates, new Random(log.seed), stats)
  } catch (error) {
    error.message = `log of seed ${log.seed} (alone: SEED=${log.seed} DOCUMENTS=1): ${name}: ${error.message}`
    throw error
  }
}
