/**
 * `npm run fuzz:yjs -- [minutes]`: new random logs against yjs until the time is over (default 10 minutes) or one fails.
 * Prints the first seed; `SEED` sets it.
 */

import { CHECKS, logOf, newStats, run } from './support/corpus.mjs'
import { randomRichText } from '../../scripts/yjs-logs/rich-text.mjs'

const minutes = Number(process.argv[2] ?? 10)
const first = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31))
const end = Date.now() + minutes * 60_000
const stats = newStats()

console.log(`from seed ${first} for ${minutes} minutes`)
let seed = first
for (let report = Date.now() + 10_000; Date.now() < end; seed++) {
  const log = logOf(seed, seed % 10 === 0 ? randomRichText : undefined)
  for (const name of CHECKS) run(name, log, stats)
  if (Date.now() > report) {
    report += 10_000
    console.log(`${seed + 1 - first} documents`, JSON.stringify(stats))
  }
}
console.log(`${seed - first} documents, no difference`, JSON.stringify(stats))
