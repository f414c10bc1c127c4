/** Preloaded into test files: on SIGUSR2 a process writes down what keeps it running. */
import { isMainThread } from 'node:worker_threads'

if (isMainThread && process.platform !== 'win32') {
  process.on('SIGUSR2', () => {
    process.stderr.write(`open: ${process.getActiveResourcesInfo().join(', ') || 'nothing'}\n`)
  })
}
