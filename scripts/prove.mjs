/**
 * Proves on one machine what can be proved of all seven platforms: builds the addon for each, installs the packages with npm,
 * and runs them, under qemu for other processors. `docs/PLATFORMS.md` says what is proved where. Needs Linux on x64, Rust with
 * rustup, Python with pip, apt-get, dpkg-deb and openssl, but not root.
 *
 * node scripts/prove.mjs [--target PLATFORM …] [--release] [--cache FOLDER]
 * node scripts/prove.mjs --write
 *
 * --target   only these platforms, e.g. linux-arm64-musl
 * --release  builds as for a release and checks the size; takes about ten CPU minutes for each platform
 * --cache    where it keeps what it downloads and builds; the default is target/prove
 * --write    only writes docs/PLATFORMS.md
 */
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { build, glibcVersionsOf } from './build.mjs'
import { PLATFORMS, addonName, packageName } from './platforms.mjs'
import { nodeOf, zig } from './prove/downloads.mjs'
import { writeFrameworks } from './prove/frameworks.mjs'
import { requireMovable } from './prove/mach-o.mjs'
import { installFor, installUnsupported, publish } from './prove/packages.mjs'
import { writePage } from './prove/page.mjs'
import { Results } from './prove/results.mjs'
import { roundTrip, roundTripFails } from './prove/round-trip.mjs'
import { succeed } from './prove/run.mjs'
import { PROOFS, UNSUPPORTED, VERSIONS, cpuOf } from './prove/targets.mjs'
import { check } from './prove/windows.mjs'
import { install } from './setup.mjs'
import { ROOT, fail } from './tools.mjs'

const isNewer = (a, b) => a.localeCompare(b, 'en', { numeric: true }) > 0

class Proofs {
  #results
  #cache
  #release
  #folder
  #env

  constructor(results, { cache, release, folder }) {
    this.#results = results
    this.#cache = cache
    this.#release = release
    this.#folder = folder
  }

  async all(platforms) {
    const targets = platforms.map(platform => PLATFORMS[platform].target)
    const ready = await this.#results.of('all', 'prepare', async () => {
      await succeed('rustup', ['target', 'add', ...targets], { cwd: ROOT })
      this.#env = {
        ...(await zig(this.#cache)),
        CARGO_TARGET_DIR: path.join(this.#cache, 'cargo'),
        CARGO_INCREMENTAL: '0',
        CARGO_TERM_QUIET: 'true'
      }
      return `zig ${VERSIONS.zig}`
    })
    if (!ready) return
    // npm and the round trips use a core while cargo waits for its longest crates.
    const installed = this.#installAll(platforms)
    let proved = installed
    for (const platform of platforms) {
      const built = await this.#build(platform)
      if (built) proved = proved.then(() => this.#prove(platform))
    }
    await proved
  }

  #installedOn(platform) {
    return path.join(this.#folder, platform)
  }

  async #installAll(platforms) {
    let registry
    const packed = await this.#results.of('all', 'pack', async () => {
      registry = await publish(this.#folder)
      return 'the packages are in a registry on 127.0.0.1'
    })
    if (!packed) return
    for (const platform of platforms)
      await this.#results.of(platform, 'install', () =>
        installFor(this.#installedOn(platform), registry.url, platform)
      )
    for (const system of platforms.length === Object.keys(PLATFORMS).length ? UNSUPPORTED : []) {
      const name = `${system.os}-${system.cpu}`
      await this.#results.of(name, 'install', () =>
        installUnsupported(this.#installedOn(name), registry.url, system)
      )
    }
    registry.close()
  }

  #build(platform) {
    const { target } = PLATFORMS[platform]
    if (PROOFS[platform].proof === 'check')
      return this.#results.of(platform, 'check', () => check(this.#cache, target, this.#env))
    return this.#results.of(platform, 'build', async () => {
      const env = { ...this.#env }
      if (PROOFS[platform].proof === 'link')
        Object.assign(env, writeFrameworks(path.join(this.#cache, 'macos-sdk'), target))
      const kind = this.#release ? { release: true } : { quick: true }
      const addon = await build({ ...kind, target, zig: true, out: this.#folder, env })
      const glibc = glibcVersionsOf(addon).at(-1)
      const size = `${fs.statSync(addon).size.toLocaleString('en')} bytes, no path of this machine`
      return glibc ? `${size}, needs glibc ${glibc}` : size
    })
  }

  async #prove(platform) {
    const { proof, control } = PROOFS[platform]
    const addon = path.join(this.#folder, addonName(platform))
    if (proof === 'link')
      await this.#results.of(platform, 'link', () => requireMovable(addon, cpuOf(platform)))
    if (proof !== 'run') return
    await this.#results.of(platform, 'run', () => this.#run(roundTrip, platform, addon))
    if (control)
      await this.#results.of(platform, 'control', async () =>
        this.#run(roundTripFails, platform, await this.#nativeAddon(platform))
      )
  }

  async #run(program, platform, addon) {
    const folder = this.#installedOn(platform)
    const place = path.join(folder, 'node_modules', packageName(platform), addonName(platform))
    fs.rmSync(place)
    fs.copyFileSync(addon, place)
    return program(folder, await nodeOf(this.#cache, platform), platform)
  }

  /** An addon of this machine that was linked without zig: that of the tests, if there is one. */
  async #nativeAddon(platform) {
    const addon = path.join(ROOT, addonName(platform))
    if (fs.existsSync(addon) && isNewer(glibcVersionsOf(addon).at(-1), VERSIONS.glibc)) return addon
    const out = path.join(this.#folder, 'native')
    fs.mkdirSync(out)
    return build({ quick: true, out, env: this.#env })
  }
}

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
  await new Proofs(results, { cache, folder, release: values.release }).all(platforms)
  if (!results.report()) process.exitCode = 1
}

if (process.argv[1] && path.resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  try {
    await main()
  } catch (error) {
    fail(error.message)
  }
}
