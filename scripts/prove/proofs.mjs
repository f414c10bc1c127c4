/** What is done for each platform, and in which order. */
import fs from 'node:fs'
import path from 'node:path'
import { build, glibcVersionsOf } from '../build.mjs'
import { PLATFORMS, addonName, packageName } from '../platforms.mjs'
import { ROOT } from '../tools.mjs'
import { nodeOf, zig } from './downloads.mjs'
import { writeFrameworks } from './frameworks.mjs'
import { requireMovable } from './mach-o.mjs'
import { installFor, installUnsupported, publish } from './packages.mjs'
import { roundTrip, roundTripFails } from './round-trip.mjs'
import { succeed } from '../quiet.mjs'
import { PROOFS, UNSUPPORTED, VERSIONS, cpuOf } from './targets.mjs'
import { check } from './windows.mjs'
import { buildForWine, nodeInWine } from './wine.mjs'

const WINDOWS = 'win32-x64-msvc'

const isNewer = (a, b) => a.localeCompare(b, 'en', { numeric: true }) > 0

/** Builds, installs and runs the addon of each platform, and notes what it finds in `results`. */
export class Proofs {
  #results
  #cache
  #release
  #wine
  #folder
  #env

  constructor(results, { cache, release, wine, folder }) {
    this.#results = results
    this.#cache = cache
    this.#release = release
    this.#wine = wine
    this.#folder = folder
  }

  /** Never rejects: a step that fails is noted. The next steps still run, unless they need its result. */
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
    if (this.#wine && platforms.includes(WINDOWS)) await this.#runInWine()
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

  async #run(program, platform, addon, node = nodeOf(this.#cache, platform)) {
    const command = await node
    const folder = this.#installedOn(platform)
    const place = path.join(folder, 'node_modules', packageName(platform), addonName(platform))
    fs.rmSync(place)
    fs.copyFileSync(addon, place)
    return program(folder, command, platform)
  }

  async #runInWine() {
    let addon
    const built = await this.#results.of(WINDOWS, 'build for wine', async () => {
      addon = await buildForWine(this.#cache, this.#env)
      return `${fs.statSync(addon).size.toLocaleString('en')} bytes`
    })
    if (built)
      await this.#results.of(WINDOWS, 'run in wine', () =>
        this.#run(roundTrip, WINDOWS, addon, nodeInWine(this.#cache, this.#env))
      )
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
