/** Runs programs without printing what they print: for the proofs of `scripts/prove.mjs` and the suites of `__test__/installed`. */
import { spawn } from 'node:child_process'

/** Many times what any program here takes on a busy machine. Cargo gets no limit. */
const LIMIT_MS = 10 * 60_000

/** Dummy credentials, so that nothing reaches AWS. */
export const ENV = {
  AWS_ACCESS_KEY_ID: 'test',
  AWS_SECRET_ACCESS_KEY: 'test',
  AWS_REGION: 'local',
  AWS_EC2_METADATA_DISABLED: 'true'
}

/**
 * Resolves with `{ code, out, err }`. `code` is the exit code, the name of the signal that ended the program, or the error code
 * if it cannot be started.
 */
export const run = (program, args, { cwd, env = {}, limitMs = LIMIT_MS } = {}) =>
  new Promise(resolve => {
    const child = spawn(program, args, {
      cwd,
      env: { ...process.env, ...ENV, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: limitMs
    })
    const texts = { out: '', err: '' }
    for (const [name, stream] of [
      ['out', child.stdout],
      ['err', child.stderr]
    ])
      stream.setEncoding('utf8').on('data', text => {
        texts[name] += text
      })
    child.on('error', error => resolve({ code: error.code, ...texts }))
    child.on('close', (code, signal) => resolve({ code: signal ?? code, ...texts }))
  })

/** As `run`, but resolves with the standard output. @throws {Error} with all output if the program fails */
export const succeed = async (program, args, options) => {
  const { code, out, err } = await run(program, args, options)
  if (code !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${code}:\n${out}${err}`)
  return out
}
