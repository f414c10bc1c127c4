/**
 * The y-websocket servers of the suite. A process uses only one of them, because each has its own copy of yjs.
 */
import { createRequire, register } from 'node:module'
import { pathToFileURL } from 'node:url'

const require = createRequire(import.meta.url)

/**
 * `@y/websocket-server` 0.1.5 creates documents with its dependency yjs 14, but newer versions of `@y/protocols` apply updates
 * with `@y/y`, another copy, so no update arrives. Applications pin one of them (see docs/Y-WEBSOCKET.md); here `@y/y` resolves
 * to the server's yjs.
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

/** By name: loads `{ utils, Y }`, the server's module and, if needed, the value of `config.Y`. */
const VERSIONS = {
  'y-websocket 2': async () => ({ utils: require('y-websocket-2/bin/utils') }),
  '@y/websocket-server 0.1.1': async () => ({ utils: await import('@y/websocket-server/utils') }),
  '@y/websocket-server 0.1.5': async () => {
    useOneYjs14()
    return { utils: await import('y-websocket-server-14/utils'), Y: await import('@y/y') }
  }
}

export const load = version => VERSIONS[version]()
