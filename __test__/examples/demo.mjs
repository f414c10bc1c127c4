/** The demo server as a child process with its own file. It can be killed and started again on the same file. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const SERVER = fileURLToPath(new URL('../../examples/demo/server.mjs', import.meta.url))

export class Demo {
  #folder = fs.mkdtempSync(path.join(os.tmpdir(), 'y-dynamodb-demo-'))
  #child
  port = 0

  constructor(t) {
    t.after(async () => {
      await this.kill()
      fs.rmSync(this.#folder, { recursive: true, force: true })
    })
  }

  get file() {
    return path.join(this.#folder, 'demo.db')
  }

  /** Resolves when the server listens: the first time on a free port, later on the same one. */
  async start() {
    const env = { ...process.env, PORT: String(this.port), HOST: '127.0.0.1', DEMO_FILE: this.file }
    this.#child = fork(SERVER, [], { env, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
    const ended = once(this.#child, 'exit').then(([code]) => {
      throw new Error(`the demo ended with ${code} before it listened`)
    })
    const [{ port }] = await Promise.race([once(this.#child, 'message'), ended])
    ended.catch(() => {}) // the test may kill it from now on
    this.port = port
    return this
  }

  /** Stops the process. It keeps its connections, but neither reads nor answers. */
  freeze() {
    this.#child.kill('SIGSTOP')
  }

  async kill() {
    if (!this.#child || this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const ended = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await ended
  }

  /** The answer of `/stored` for all documents, or for one. */
  async stored(docName) {
    const query = docName === undefined ? '' : `?doc=${encodeURIComponent(docName)}`
    return (await fetch(`http://127.0.0.1:${this.port}/stored${query}`)).json()
  }
}
