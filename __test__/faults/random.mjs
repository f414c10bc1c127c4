/** Random numbers that can be reproduced: the seed is printed, and `FAULT_SEED` sets it. */

import { mulberry32 } from '../../scripts/yjs-logs/random.mjs'

export const seed = Number(process.env.FAULT_SEED ?? Math.floor(Math.random() * 2 ** 32))
if (!Number.isInteger(seed)) throw new Error(`FAULT_SEED=${process.env.FAULT_SEED} is not a whole number`)

/** A generator of numbers in [0, 1) that depend only on the seed and `salt`. */
export function random(salt = 0) {
  return mulberry32((seed ^ Math.imul(salt + 1, 0x9e3779b9)) >>> 0)
}

/** Prints the seed, so that a failure can be reproduced. */
export function reportSeed(t) {
  t.diagnostic(`seed: FAULT_SEED=${seed}`)
}
