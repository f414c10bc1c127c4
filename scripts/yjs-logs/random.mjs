/** A seeded random number generator. The same seed gives the same documents on every machine. */

/** A generator of numbers in [0, 1) that depend only on `state` (mulberry32). */
export function mulberry32(state) {
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

export class Random {
  /** Whether JSON values may contain lone surrogates. The generator of the log sets this. */
  escapes = false

  constructor(seed) {
    let state = seed >>> 0
    // Spreads the states of neighbouring seeds.
    for (let i = 0; i < 4; i++) state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) >>> 0
    /** The next number in [0, 1). */
    this.next = mulberry32(state)
  }

  /** An integer in [0, n). */
  below(n) {
    return Math.floor(this.next() * n)
  }

  /** An integer in [from, to]. */
  between(from, to) {
    return from + this.below(to - from + 1)
  }

  chance(probability) {
    return this.next() < probability
  }

  pick(list) {
    return list[this.below(list.length)]
  }

  shuffle(list) {
    const out = [...list]
    for (let i = out.length - 1; i > 0; i--) {
      const j = this.below(i + 1)
      ;[out[i], out[j]] = [out[j], out[i]]
    }
    return out
  }

  /** Each element with the given probability, in order; at least one if the list is not empty. */
  some(list, probability) {
    const out = list.filter(() => this.chance(probability))
    return out.length > 0 || list.length === 0 ? out : [this.pick(list)]
  }
}
