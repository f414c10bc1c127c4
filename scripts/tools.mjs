/**
 * Checks the installed tools and runs programs. It imports no packages, because it runs before `npm ci`.
 */
import { spawn, spawnSync } from 'node:child_process'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

export const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..')

/** Whether node was started with this module. @param url `import.meta.url` */
export const isMain = url =>
  process.argv[1] !== undefined && path.resolve(process.argv[1]) === fileURLToPath(url)

const NODE = [20, 19, 0]
const RUST = [1, 94, 1]
const JAVA = [17, 0, 0]

const parse = (text, pattern) => {
  const found = pattern.exec(text)
  return found && [1, 2, 3].map(n => Number(found[n] ?? 0))
}

/** Whether a version, as three numbers, is the minimum or newer. */
export const isAtLeast = (version, minimum) => {
  const n = version.findIndex((part, i) => part !== minimum[i])
  return n === -1 || version[n] > minimum[n]
}

const versionOf = (program, args, pattern) => {
  const { stdout, stderr, error } = spawnSync(program, args, { encoding: 'utf8' })
  return error ? null : parse(`${stdout}${stderr}`, pattern)
}

/** Prints the message to standard error and exits with 1. */
export const fail = message => {
  process.stderr.write(`\n${message}\n`)
  process.exit(1)
}

/** Exits with a message if Node or Rust is missing or too old. The scripts do not install these two. */
export const requireTools = () => {
  if (!isAtLeast(parse(process.version, /v(\d+)\.(\d+)\.(\d+)/), NODE)) {
    fail(`Node ${NODE.join('.')} or newer is needed; this is ${process.version}. See https://nodejs.org.`)
  }
  const rust = versionOf('rustc', ['--version'], /rustc (\d+)\.(\d+)\.(\d+)/)
  if (!rust || !isAtLeast(rust, RUST)) {
    const found = rust ? `rustc is ${rust.join('.')}` : 'rustc was not found'
    fail(`Rust ${RUST.join('.')} or newer is needed to build the addon; ${found}. See https://rustup.rs.`)
  }
}

/** Returns `{ program }`, or `{ missing }` with the reason why DynamoDB Local cannot run. */
export const findJava = () => {
  const java = versionOf('java', ['-version'], /version "(\d+)(?:\.(\d+))?(?:\.(\d+))?/)
  if (!java) return { missing: `needs Java ${JAVA[0]} or newer; java was not found` }
  if (!isAtLeast(java, JAVA)) return { missing: `needs Java ${JAVA[0]} or newer; java is ${java.join('.')}` }
  return { program: 'java' }
}

/**
 * Runs a program and prints its output. `onLine` is called with each line of its standard output. With `stdin: 'inherit'` the
 * program can ask the user.
 * Resolves with the exit code: 127 if the program cannot be started, 1 if a signal ended it.
 */
export const run = (program, args, { env = {}, cwd = ROOT, stdin = 'ignore', onLine } = {}) =>
  new Promise(resolve => {
    const child = spawn(program, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: [stdin, onLine ? 'pipe' : 'inherit', 'inherit']
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

/** The program and arguments of the npm that started this script. If that is unknown, of the npm in PATH. */
export const npmCommand = args => {
  const script = process.env.npm_execpath
  if (script && /\.[cm]?js$/.test(script)) return [process.execPath, [script, ...args]]
  return process.platform === 'win32'
    ? [process.env.ComSpec ?? 'cmd.exe', ['/d', '/s', '/c', 'npm', ...args]]
    : ['npm', args]
}

/** Runs npm and prints its output, as `run`. */
export const npm = (args, options) => run(...npmCommand(args), options)
