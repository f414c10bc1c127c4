/** Preloaded into test files. On SIGUSR2, a process prints the resources that keep it running. */
import { isMainThread } from 'node:worker_threads'

if (isMainThread && process.platform !== 'win32') {
  process.on('SIGUSR2', () => {
    process.stderr.write(`open: ${process.getActiveResourcesInfo().join(', ') || 'nothing'}\n`)
  })
}
