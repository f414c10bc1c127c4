/** Chance that can be had again: the seed is printed, and `FIRE_SEED` sets it. */

export const seed = Number(process.env.FIRE_SEED ?? Math.floor(Math.random() * 2 ** 32))
if (!Number.isInteger(seed)) throw new Error(`FIRE_SEED=${process.env.FIRE_SEED} is not a whole number`)

/** Numbers in [0, 1) that depend on the seed and `salt` alone (mulberry32). */
export function random(salt = 0) {
  let state = (seed ^ Math.imul(salt + 1, 0x9e3779b9)) >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Tells which seed it was, so that a failure can be had again. */
export function tellSeed(t) {
  t.diagnostic(`seed: FIRE_SEED=${seed}`)
}
