/**
 * Bundles the page with Vite if its sources or the packages have changed. The result is in `node_modules/.cache`, named by the
 * hash of its sources, so that several servers can start at the same time.
 */
import { createHash } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const HERE = fileURLToPath(new URL('./', import.meta.url))
const ROOT = path.join(HERE, '../../..')
const CACHE = path.join(ROOT, 'node_modules', '.cache', 'editor')
const TYPES = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  woff2: 'font/woff2'
}

const sourcesHash = () => {
  const hash = createHash('sha256')
  const files = fs
    .readdirSync(HERE)
    .sort()
    .map(name => path.join(HERE, name))
  for (const file of [...files, path.join(ROOT, 'package-lock.json')])
    hash.update(`${file}\0`).update(fs.readFileSync(file)).update('\0')
  return hash.digest('hex')
}

const bundle = async () => {
  const { build } = await import('vite')
  const { output } = await build({
    root: HERE,
    configFile: false,
    logLevel: 'warn',
    build: { write: false, modulePreload: false, chunkSizeWarningLimit: 1_000 }
  })
  return output.map(({ fileName, code, source }) => {
    const type = TYPES[path.extname(fileName).slice(1)]
    if (type === undefined) throw new Error(`the page has a file of an unknown type: ${fileName}`)
    return [fileName, { type, base64: Buffer.from(code ?? source).toString('base64') }]
  })
}

/** @returns a Map of the page's files: path (`index.html`, `assets/…`) → `{ type, body }` */
export const buildPage = async () => {
  const built = path.join(CACHE, `${sourcesHash()}.json`)
  if (!fs.existsSync(built)) {
    fs.mkdirSync(CACHE, { recursive: true })
    const partial = `${built}.${process.pid}`
    fs.writeFileSync(partial, JSON.stringify(await bundle()))
    fs.renameSync(partial, built)
  }
  const files = JSON.parse(fs.readFileSync(built, 'utf8'))
  return new Map(
    files.map(([name, { type, base64 }]) => [name, { type, body: Buffer.from(base64, 'base64') }])
  )
}
