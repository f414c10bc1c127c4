'use strict'

/** Exponential backoff with jitter, so that processes whose attempts failed together do not retry together. */

const { setTimeout: sleep } = require('node:timers/promises')

const FIRST_PAUSE_MS = 500
const LONGEST_PAUSE_MS = 30_000

class Backoff {
  #failures = 0

  /** Pauses, longer each time. Returns early if `signal` is aborted: the caller checks that. */
  async pause(signal) {
    const ms = Math.min(FIRST_PAUSE_MS * 2 ** this.#failures++, LONGEST_PAUSE_MS)
    try {
      await sleep((ms * (1 + Math.random())) / 2, undefined, { signal })
    } catch (error) {
      if (!signal.aborted) throw error
    }
  }
}

module.exports = { Backoff }
