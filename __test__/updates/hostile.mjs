/**
 * `node __test__/updates/hostile.mjs [updates] [logs]`: hostile updates (default 1,000,000) and logs of them (default
 * 100,000) beside yjs 13 and 14, until one fails. Prints the first seed; `SEED` sets it.
 */

import { checkLog, checkUpdate } from './support/hostile-corpus.mjs'

const counts = { updates: Number(process.argv[2] ?? 1_000_000), logs: Number(process.argv[3] ?? 100_000) }
const first = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 30))
console.log(`from seed ${first}`)

for (const [what, check] of [
  ['updates', checkUpdate],
  ['logs', checkLog]
]) {
  const started = Date.now()
  let hits = 0
  for (let seed = first; seed < first + counts[what]; seed++) hits += Number(check(seed))
  const seconds = Math.round((Date.now() - started) / 1_000)
  console.log(
    `${counts[what]} ${what} from seed ${first} in ${seconds} s: ${hits} ${what === 'logs' ? 'with conflicts' : 'valid'}, yjs throws on none`
  )
}
