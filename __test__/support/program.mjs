/** Programs in processes of their own. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const INDEX = new URL('../../index.mjs', import.meta.url)
const DOCUMENTS = new URL('documents.mjs', import.meta.url)

/** Runs a program with the variables `updates`, `open()`, which creates a persistence, and `persistence`. */
export async function run(config, program, { limit = 60_000 } = {}) {
  const source = `
    import DynamoDbPersistence from ${JSON.stringify(INDEX.href)}
    import { keystrokes } from ${JSON.stringify(DOCUMENTS.href)}
    const updates = keystrokes(100)
    const open = () => DynamoDbPersistence(${JSON.stringify(config)})
    const persistence = open()
    ${program}`
  const child = spawn(process.execPath, ['--input-type=module', '--eval', source], {
    cwd: fileURLToPath(new URL('..', import.meta.url)),
    stdio: ['ignore', 'pipe', 'pipe']
  })
  const timer = setTimeout(() => child.kill('SIGKILL'), limit)
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', text => {
    stdout += text
  })
  child.stderr.on('data', text => {
    stderr += text
  })
  const [code, signal] = await once(child, 'close')
  clearTimeout(timer)
  return { code, signal, stdout: stdout.trim(), stderr }
}
