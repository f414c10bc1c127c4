/** Runs Node test files, each in a process of its own that has its own limit: one that hangs is killed and named. */
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { ROOT } from './machine.mjs'

const FILE_LIMIT_MS = 3 * 60_000
/** For a process to write down what keeps it: one that spins below JavaScript does not answer. */
const ANSWER_MS = 2_000
// Two files at a time: most tests wait for a server, a browser or a timeout.
const AT_ONCE = 2
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
    const limit = setTimeout(() => {
      out += `\n${file} did not end within ${limitMs / 1_000} s: killed\n`
      if (process.platform !== 'win32') child.kill('SIGUSR2')
      killing = setTimeout(() => child.kill('SIGKILL'), ANSWER_MS)
    }, limitMs)
    child.on('exit', code => {
      clearTimeout(limit)
      clearTimeout(killing)
      const end = () => resolve({ code: code ?? 1, out })
      child.on('close', end)
      // A process that the file has left behind keeps the pipes open.
      setTimeout(end, ANSWER_MS).unref()
    })
    child.on('error', error => resolve({ code: 127, out: `${file}: ${error.message}\n` }))
  })

/** Runs the files and adds what they count to `suite`: `{ passed, failed, skipped }`. @returns whether all ended well, as an exit code */
export const runTestFiles = async (files, suite, { env = {}, limitMs = FILE_LIMIT_MS } = {}) => {
  const waiting = [...files]
  const lane = async () => {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
      const { code, out } = await runFile(file, { env, limitMs })
      process.stdout.write(`\n${file}\n${out}`)
      const counts = { passed: 0, failed: 0, skipped: 0 }
      for (const [, field, n] of out.matchAll(/^\S*ℹ (pass|fail|cancelled|skipped|todo) (\d+)$/gm))
        counts[FIELDS[field]] += Number(n)
      // A file that ends badly without a failed test (it crashed, it was killed) is a failure as well.
      if (code !== 0 && counts.failed === 0) counts.failed = 1
      for (const [field, n] of Object.entries(counts)) suite[field] += n
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, lane))
  return suite.failed === 0 ? 0 : 1
}
