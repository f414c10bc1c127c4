/** A seeded random number generator. The same seed gives the same documents on every machine. */

export class Random {
  #state
  /** Whether JSON values may contain lone surrogates. The generator of the log sets this. */
  escapes = false

  constructor(seed) {
    this.#state = seed >>> 0
    // Spreads the states of neighbouring seeds.
    for (let i = 0; i < 4; i++)
      this.#state = (Math.imul(this.#state ^ (this.#state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) >>> 0
  }

  /** In [0, 1). */
  next() {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let t = this.#state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
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
