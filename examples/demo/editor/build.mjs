/**
 * Bundles the page with Vite; only if its sources or the packages have changed since. What was built lies in `node_modules/.cache`
 * by the hash of its sources, so that servers that start side by side do not disturb each other.
 */
import { createHash } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const HERE = fileURLToPath(new URL('./', import.meta.url))
const ROOT = path.join(HERE, '../../..')
const CACHE = path.join(ROOT, 'node_modules', '.cache', 'editor')
const TYPES = { html: 'text/html', js: 'text/javascript', css: 'text/css' }

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
    return [fileName, { type: `${type}; charset=utf-8`, body: code ?? source }]
  })
}

/** @returns a Map of the page's files: path (`index.html`, `assets/…`) → `{ type, body }` */
export const buildPage = async () => {
  const built = path.join(CACHE, `${sourcesHash()}.json`)
  if (!fs.existsSync(built)) {
    fs.mkdirSync(CACHE, { recursive: true })
    const half = `${built}.${process.pid}`
    fs.writeFileSync(half, JSON.stringify(await bundle()))
    fs.renameSync(half, built)
  }
  return new Map(JSON.parse(fs.readFileSync(built, 'utf8')))
}
