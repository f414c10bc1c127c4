const TICK_MS = 20

/**
 * How long a call takes, in ms of a clock that stands still while a busy machine does not run this process.
 *
 * @param {() => Promise} call
 */
export async function runningTime(call) {
  let ticks = 0
  const timer = setInterval(() => ticks++, TICK_MS)
  try {
    await call()
  } finally {
    clearInterval(timer)
  }
  return ticks * TICK_MS
}
