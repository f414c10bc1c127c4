/** Random numbers that can be reproduced: the seed is printed, and `FAULT_SEED` sets it. */

export const seed = Number(process.env.FAULT_SEED ?? Math.floor(Math.random() * 2 ** 32))
if (!Number.isInteger(seed)) throw new Error(`FAULT_SEED=${process.env.FAULT_SEED} is not a whole number`)

/** A generator of numbers in [0, 1) that depend only on the seed and `salt` (mulberry32). */
export function random(salt = 0) {
  let state = (seed ^ Math.imul(salt + 1, 0x9e3779b9)) >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Prints the seed, so that a failure can be reproduced. */
export function reportSeed(t) {
  t.diagnostic(`seed: FAULT_SEED=${seed}`)
}
