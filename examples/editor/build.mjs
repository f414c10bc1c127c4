/**
 * Bundles the page with Vite, in memory: a server that is started beside another one on the same clone disturbs nobody.
 */
import { fileURLToPath } from 'node:url'
import { build } from 'vite'

const TYPES = { html: 'text/html', js: 'text/javascript', css: 'text/css', svg: 'image/svg+xml' }

/** @returns a Map of the page's files: path (`index.html`, `assets/…`) → `{ type, body }` */
export const buildPage = async () => {
  const { output } = await build({
    root: fileURLToPath(new URL('.', import.meta.url)),
    configFile: false,
    logLevel: 'warn',
    build: { write: false, modulePreload: false, chunkSizeWarningLimit: 1_000 }
  })
  return new Map(output.map(({ fileName, code, source }) => {
    const type = TYPES[fileName.split('.').at(-1)] ?? 'application/octet-stream'
    return [fileName, { type: `${type}; charset=utf-8`, body: code ?? source }]
  }))
}
