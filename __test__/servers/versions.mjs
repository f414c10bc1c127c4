/**
 * The y-websocket servers that the suite runs against. A process uses one of them: each brings its own copy of yjs.
 */
import { createRequire, register } from 'node:module'
import { pathToFileURL } from 'node:url'

const require = createRequire(import.meta.url)

/**
 * `@y/websocket-server` 0.1.5 makes documents with the yjs 14 it depends on, and lets `@y/protocols` apply updates, which
 * newer versions of that do with `@y/y`: another copy, and nothing arrives. Applications pin one of them (see
 * docs/Y-WEBSOCKET.md); here `@y/y` means the server's own yjs.
 */
const useOneYjs14 = () => {
  const server = pathToFileURL(require.resolve('y-websocket-server-14/package.json')).href
  register(
    'data:text/javascript,'
      + encodeURIComponent(`
    export const resolve = (specifier, context, next) => specifier === '@y/y'
      ? next('yjs', { ...context, parentURL: ${JSON.stringify(server)} })
      : next(specifier, context)`)
  )
}

/** By name: gives `{ utils, Y }`, the server's module, and what to give as `config.Y` where it is needed. */
const VERSIONS = {
  'y-websocket 2': async () => ({ utils: require('y-websocket-2/bin/utils') }),
  '@y/websocket-server 0.1.1': async () => ({ utils: await import('@y/websocket-server/utils') }),
  '@y/websocket-server 0.1.5': async () => {
    useOneYjs14()
    return { utils: await import('y-websocket-server-14/utils'), Y: await import('@y/y') }
  }
}

export const load = version => VERSIONS[version]()
