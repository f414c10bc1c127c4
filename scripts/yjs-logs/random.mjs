/** Seeded randomness: the same seed gives the same documents everywhere. */

export class Random {
  #state
  /** Whether JSON values may hold lone surrogates: set by the log that is made. */
  escapes = false

  constructor(seed) {
    this.#state = seed >>> 0
    // Neighbouring seeds start far apart.
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

  /** A whole number in [0, n). */
  below(n) {
    return Math.floor(this.next() * n)
  }

  /** A whole number in [from, to]. */
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

  /** Each element with the given probability, in order; never none of them. */
  some(list, probability) {
    const out = list.filter(() => this.chance(probability))
    return out.length > 0 || list.length === 0 ? out : [this.pick(list)]
  }
}
