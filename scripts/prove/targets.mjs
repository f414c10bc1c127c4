/**
 * What `scripts/prove.mjs` proves for each platform, and with which versions of the tools. `docs/PLATFORMS.md` is generated
 * from this table.
 */
import { MIN_GLIBC } from '../build.mjs'
import { PLATFORMS } from '../platforms.mjs'

/** The versions of what the script installs into its folder. Debian's packages are named by upstream version. */
export const VERSIONS = {
  zig: '0.15.2',
  zigbuild: '0.24.0',
  /** The oldest Node.js that the package supports. */
  node: '20.20.2',
  /** A Node.js for musl. */
  muslNode: '24.19.0',
  /** Debian 11. */
  glibc: '2.31',
  gcc: '10.2.1',
  /** Debian 13. That of Debian 12, 1.2.3, crashes this Node.js. */
  musl: '1.2.5',
  qemu: '10.0',
  /** A Node.js for Windows that starts under Debian 12's wine 8. */
  wineNode: '22.23.3'
}

const GLIBC = `glibc ${MIN_GLIBC}`
const MUSL = `musl; ${VERSIONS.musl} is tested`

/**
 * `proof` says how a platform is proved here: `run` runs a round trip in a Node.js of that platform; `link` links the binary
 * and reads it; `check` compiles without linking. `control` also runs the binary that this machine links without zig, which
 * must fail. `oldest` is the oldest system of the binary, and `node` that of Node.js 20: the higher of the two counts.
 */
export const PROOFS = {
  'linux-x64-gnu': { proof: 'run', control: true, oldest: GLIBC, node: 'glibc 2.28' },
  'linux-x64-musl': { proof: 'run', oldest: MUSL },
  'linux-arm64-gnu': { proof: 'run', oldest: GLIBC, node: 'glibc 2.28' },
  'linux-arm64-musl': { proof: 'run', oldest: MUSL },
  'darwin-x64': { proof: 'link', oldest: 'macOS 10.12', node: 'macOS 10.15' },
  'darwin-arm64': { proof: 'link', oldest: 'macOS 11.0' },
  'win32-x64-msvc': { proof: 'check', oldest: 'Windows 10' }
}

/** Where npm must install no binary, and where loading the package must name the supported platforms. */
export const UNSUPPORTED = [
  { os: 'linux', cpu: 's390x', libc: 'glibc' },
  { os: 'freebsd', cpu: 'x64' },
  { os: 'win32', cpu: 'arm64' }
]

export const cpuOf = platform => PLATFORMS[platform].cpu
export const libcOf = platform => PLATFORMS[platform].libc
export const isEmulatedOn = (cpu, platform) => cpuOf(platform) !== cpu
