/**
 * `npm run demo`: installs the packages, builds the addon (the debug build, which takes less time), runs the demo server.
 * `npm run demo -- --check`: runs `check.mjs` instead of the server.
 */
import { parseArgs } from 'node:util'
import { fail } from './tools.mjs'
import { buildAddon, install } from './setup.mjs'

try {
  const { values } = parseArgs({ options: { check: { type: 'boolean' } } })
  await install()
  await buildAddon()
  // In the same process, so that Ctrl+C reaches the server.
  await import(values.check ? '../examples/demo/check.mjs' : '../examples/demo/server.mjs')
} catch (error) {
  fail(error.code?.startsWith('ERR_PARSE_ARGS') ? `${error.message}\nnpm run demo [-- --check]` : error.stack)
}
