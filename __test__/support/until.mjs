const LIMIT_MS = 60_000

/** Waits until `test` returns a truthy value. */
export const until = async (what, test) => {
  for (const limit = Date.now() + LIMIT_MS; Date.now() < limit;) {
    const value = await test()
    if (value) return value
    await new Promise(resolve => setTimeout(resolve, 20))
  }
  throw new Error(`${what} did not happen within ${LIMIT_MS / 1_000} s`)
}
