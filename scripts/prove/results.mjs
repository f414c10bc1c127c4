/** Notes the result and the duration of each step, and prints them. */

const secondsSince = started => Math.round((Date.now() - started) / 1_000)

export class Results {
  #steps = []
  #started = Date.now()

  /** Does a step, which resolves with what it found. Never rejects: resolves with whether the step succeeded. */
  async of(platform, step, work) {
    const started = Date.now()
    let found
    let failure
    try {
      found = await work()
    } catch (error) {
      failure = error.message
    }
    const seconds = secondsSince(started)
    this.#steps.push({ platform, step, seconds, isProved: failure === undefined })
    process.stdout.write(
      `${platform}, ${step}: ${failure === undefined ? found : `FAILED: ${failure}`} (${seconds} s)\n`
    )
    return failure === undefined
  }

  /** Prints the durations of each platform, and what failed. Returns whether every step succeeded. */
  report() {
    process.stdout.write('\nSeconds of each platform. Installing and running overlap with building.\n')
    for (const platform of new Set(this.#steps.map(step => step.platform))) {
      const steps = this.#steps.filter(step => step.platform === platform)
      const shown = steps.map(({ step, seconds }) => `${step} ${seconds}`).join(', ')
      process.stdout.write(`${platform.padEnd(18)}${shown}\n`)
    }
    const failed = this.#steps.filter(({ isProved }) => !isProved)
    process.stdout.write(`${secondsSince(this.#started)} s in all; ${failed.length} steps failed\n`)
    for (const { platform, step } of failed) process.stdout.write(`FAILED: ${platform}, ${step}\n`)
    return failed.length === 0 && this.#steps.length > 0
  }
}
