/**
 * What the machine offers and how to start programs on it. Plain Node without dependencies: it runs before `npm ci`.
 */
import { spawn, spawnSync } from 'node:child_process'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

export const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..')

const NODE = [20, 19, 0]
const RUST = [1, 94, 1]
const JAVA = [17, 0, 0]

const parse = (text, pattern) => {
  const found = pattern.exec(text)
  return found && [1, 2, 3].map(n => Number(found[n] ?? 0))
}

const atLeast = (have, want) => {
  const n = have.findIndex((part, i) => part !== want[i])
  return n === -1 || have[n] > want[n]
}

const versionOf = (program, args, pattern) => {
  const { stdout, stderr, error } = spawnSync(program, args, { encoding: 'utf8' })
  return error ? null : parse(`${stdout}${stderr}`, pattern)
}

/** Ends the process with a message that says what to do. */
export const fail = message => {
  process.stderr.write(`\n${message}\n`)
  process.exit(1)
}

/** Checks Node and Rust, the two things that this project cannot install by itself. */
export const requireTools = () => {
  if (!atLeast(parse(process.version, /v(\d+)\.(\d+)\.(\d+)/), NODE)) {
    fail(`Node ${NODE.join('.')} or newer is needed; this is ${process.version}. See https://nodejs.org.`)
  }
  const rust = versionOf('rustc', ['--version'], /rustc (\d+)\.(\d+)\.(\d+)/)
  if (!rust || !atLeast(rust, RUST)) {
    const found = rust ? `rustc is ${rust.join('.')}` : 'rustc was not found'
    fail(`Rust ${RUST.join('.')} or newer is needed to build the addon; ${found}. See https://rustup.rs.`)
  }
}

/** The Java that DynamoDB Local needs, or the reason why it cannot run. */
export const findJava = () => {
  const java = versionOf('java', ['-version'], /version "(\d+)(?:\.(\d+))?(?:\.(\d+))?/)
  if (!java) return { missing: `needs Java ${JAVA[0]} or newer; java was not found` }
  if (!atLeast(java, JAVA)) return { missing: `needs Java ${JAVA[0]} or newer; java is ${java.join('.')}` }
  return { program: 'java' }
}

/**
 * Runs a program to its end and shows its output. With `onLine` each line of its standard output is handed on as well.
 * Resolves with the exit code; a program that cannot be started counts as 127, one ended by a signal as 1.
 */
export const run = (program, args, { env = {}, cwd = ROOT, onLine } = {}) =>
  new Promise(resolve => {
    const child = spawn(program, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ['ignore', onLine ? 'pipe' : 'inherit', 'inherit']
    })
    let rest = ''
    child.stdout?.setEncoding('utf8').on('data', text => {
      process.stdout.write(text)
      const lines = (rest + text).split(/\r?\n/)
      rest = lines.pop()
      lines.forEach(onLine)
    })
    child.on('error', error => {
      process.stderr.write(`${program}: ${error.message}\n`)
      resolve(127)
    })
    child.on('close', code => {
      if (rest) onLine(rest)
      resolve(code ?? 1)
    })
  })

/** Runs npm as it was started itself: by its script where known, else by name. */
export const npm = (args, options) => {
  const script = process.env.npm_execpath
  if (script && /\.[cm]?js$/.test(script)) return run(process.execPath, [script, ...args], options)
  return process.platform === 'win32'
    ? run(process.env.ComSpec ?? 'cmd.exe', ['/d', '/s', '/c', 'npm', ...args], options)
    : run('npm', args, options)
}
