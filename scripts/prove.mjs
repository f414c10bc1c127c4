/**
 * Proves on one machine what can be proved of all seven platforms: builds the addon for each, installs the packages with npm,
 * and runs them, under qemu for other processors. `docs/PLATFORMS.md` says what is proved where. Needs Linux on x64, Rust with
 * rustup, Python with pip, apt-get, dpkg-deb and openssl, but not root.
 *
 * node scripts/prove.mjs [--target PLATFORM …] [--release] [--wine] [--cache FOLDER]
 * node scripts/prove.mjs --write
 *
 * --target   only these platforms, e.g. linux-arm64-musl
 * --release  builds as for a release and checks the size; takes about ten CPU minutes for each platform
 * --wine     also runs a build for Windows under wine, which it installs; that needs root
 * --cache    where it keeps what it downloads and builds; the default is target/prove
 * --write    only writes docs/PLATFORMS.md
 */
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { PLATFORMS } from './platforms.mjs'
import { writePage } from './prove/page.mjs'
import { Proofs } from './prove/proofs.mjs'
import { Results } from './prove/results.mjs'
import { install } from './setup.mjs'
import { ROOT, fail } from './tools.mjs'

const platformsOf = names => {
  const unknown = names.filter(name => !(name in PLATFORMS))
  if (unknown.length > 0)
    throw new Error(`unknown platform ${unknown.join(', ')}; known: ${Object.keys(PLATFORMS).join(', ')}`)
  return names
}

const main = async () => {
  const { values } = parseArgs({
    options: {
      target: { type: 'string', multiple: true, default: Object.keys(PLATFORMS) },
      release: { type: 'boolean', default: false },
      wine: { type: 'boolean', default: false },
      cache: { type: 'string', default: path.join(ROOT, 'target', 'prove') },
      write: { type: 'boolean' }
    }
  })
  if (values.write) return writePage()
  const platforms = platformsOf(values.target)
  if (process.platform !== 'linux' || process.arch !== 'x64') throw new Error('the proofs need Linux on x64')
  await install()
  const cache = path.resolve(values.cache)
  fs.mkdirSync(cache, { recursive: true })
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'y-dynamodb-prove-'))
  process.on('exit', () => fs.rmSync(folder, { recursive: true, force: true }))
  const results = new Results()
  await new Proofs(results, { ...values, cache, folder }).all(platforms)
  if (!results.report()) process.exitCode = 1
}

try {
  await main()
} catch (error) {
  fail(error.message)
}
