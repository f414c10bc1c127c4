/** Runs each Node test file in its own process. A file that exceeds its timeout is killed and reported. */
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { ROOT } from './tools.mjs'

// The slowest file takes a minute on two cores with ten times as much to do: this only ends a file that hangs.
const FILE_TIMEOUT_MS = 3 * 60_000
/** How long a process may take to print its open handles. It prints nothing if it is busy in native code. */
const GRACE_MS = 2_000
// More than the cores of a small machine, because most tests wait for a server, a browser or a timeout.
const CONCURRENCY = 4
const OPEN_HANDLES = fileURLToPath(new URL('open-handles.mjs', import.meta.url))
const FIELDS = { pass: 'passed', fail: 'failed', cancelled: 'failed', skipped: 'skipped', todo: 'skipped' }

const runFile = (file, { env, limitMs }) =>
  new Promise(resolve => {
    const args = ['--import', OPEN_HANDLES, '--test-reporter=spec', file]
    const child = spawn(process.execPath, args, {
      cwd: ROOT,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe']
    })
    let out = ''
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', text => {
        out += text
      })
    let killing
    const timeout = setTimeout(() => {
      out += `\n${file} did not end within ${limitMs / 1_000} s: killed\n`
      if (process.platform !== 'win32') child.kill('SIGUSR2')
      killing = setTimeout(() => child.kill('SIGKILL'), GRACE_MS)
    }, limitMs)
    child.on('exit', code => {
      clearTimeout(timeout)
      clearTimeout(killing)
      const end = () => resolve({ code: code ?? 1, out })
      child.on('close', end)
      // A child process that outlives the test file keeps the pipes open.
      setTimeout(end, GRACE_MS).unref()
    })
    child.on('error', error => resolve({ code: 127, out: `${file}: ${error.message}\n` }))
  })

/**
 * Runs the files and adds their counts to `suite`: `{ passed, failed, skipped }`.
 *
 * @returns the exit code: 0 if nothing in `suite` failed, else 1
 */
export const runTestFiles = async (files, suite, options = {}) => {
  const { env = {}, limitMs = FILE_TIMEOUT_MS, concurrency = CONCURRENCY } = options
  const pending = [...files]
  const worker = async () => {
    for (let file = pending.shift(); file !== undefined; file = pending.shift()) {
      const started = Date.now()
      const { code, out } = await runFile(file, { env, limitMs })
      const seconds = ((Date.now() - started) / 1_000).toFixed(1)
      process.stdout.write(`\n${file} (${seconds} s)\n${out}`)
      const counts = { passed: 0, failed: 0, skipped: 0 }
      for (const [, field, n] of out.matchAll(/^\S*ℹ (pass|fail|cancelled|skipped|todo) (\d+)$/gm))
        counts[FIELDS[field]] += Number(n)
      // A file that crashes or is killed counts as one failure, even if no test failed.
      if (code !== 0 && counts.failed === 0) counts.failed = 1
      for (const [field, n] of Object.entries(counts)) suite[field] += n
    }
  }
  await Promise.all(Array.from({ length: concurrency }, worker))
  return suite.failed === 0 ? 0 : 1
}
