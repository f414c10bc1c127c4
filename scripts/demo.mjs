/**
 * `npm run demo`: installs, builds the addon (the development build: it starts minutes earlier), runs the demo server.
 * `npm run demo -- --check`: the same, then an unattended round trip instead of the server.
 */
import { parseArgs } from 'node:util'
import { fail } from './machine.mjs'
import { buildAddon, install } from './setup.mjs'

try {
  const { values } = parseArgs({ options: { check: { type: 'boolean' } } })
  await install()
  await buildAddon()
  // The same process, so that Ctrl+C reaches the server itself.
  await import(values.check ? '../examples/demo/check.mjs' : '../examples/demo/server.mjs')
} catch (error) {
  fail(error.code?.startsWith('ERR_PARSE_ARGS') ? `${error.message}\nnpm run demo [-- --check]` : error.stack)
}
