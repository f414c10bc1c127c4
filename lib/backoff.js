'use strict'

/**
 * The pauses between attempts: longer after each failure, never the same in two processes, so that those who failed
 * together do not come back together.
 */

const { setTimeout: sleep } = require('node:timers/promises')

const FIRST_PAUSE_MS = 500
const LONGEST_PAUSE_MS = 30_000

class Backoff {
  #failures = 0

  /** Ends early when `signal` is aborted: the caller looks at the signal. */
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
