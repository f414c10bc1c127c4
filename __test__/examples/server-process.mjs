/** A server of `examples/` as a child process. */
import { spawn } from 'node:child_process'
import { until } from '../support/until.mjs'

/**
 * Starts a server on a free port.
 *
 * @param {string} file
 * @param {object} env
 * @param {RegExp} listening matches the output once the server listens; its first group is returned as `address`
 * @returns `kill` and `stop` resolve with the exit code, of SIGKILL and of SIGTERM
 */
export const startServer = async (file, env, listening) => {
  const child = spawn(process.execPath, [file], {
    env: { ...process.env, PORT: '0', AWS_REGION: 'local', ...env }
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', text => {
      output += text
    })
  const ended = new Promise(resolve => child.on('exit', resolve))
  const end = signal => {
    child.kill(signal)
    return ended
  }
  const kill = () => end('SIGKILL')
  try {
    const address = await until('the start of the server', () => listening.exec(output)?.[1])
    return { address, output: () => output, stop: () => end('SIGTERM'), kill }
  } catch (error) {
    await kill()
    throw error
  }
}
