/** Writes `docs/PLATFORMS.md` from the tables of the proofs and the workflows. */
import fs from 'node:fs'
import path from 'node:path'
import { parse } from 'yaml'
import { MAX_BYTES } from '../build.mjs'
import { PLATFORMS } from '../platforms.mjs'
import { ROOT } from '../tools.mjs'
import { PROOFS, UNSUPPORTED, VERSIONS, isEmulatedOn, libcOf } from './targets.mjs'

const PAGE = path.join(ROOT, 'docs', 'PLATFORMS.md')

const { engines } = JSON.parse(fs.readFileSync(path.join(ROOT, 'package.json'), 'utf8'))

const matrixOf = (workflow, job) =>
  parse(fs.readFileSync(path.join(ROOT, '.github', 'workflows', workflow), 'utf8')).jobs[job].strategy.matrix
    .include

const list = texts => texts.join(', ')

const table = (head, rows) =>
  [head, head.map(() => '---'), ...rows].map(cells => `| ${cells.join(' | ')} |`).join('\n')

const provedHere = platform => {
  const { proof, control } = PROOFS[platform]
  if (proof === 'check') return 'the Rust code compiles'
  if (proof === 'link') return 'linked with zig; read'
  const [node, libc] =
    libcOf(platform) === 'musl'
      ? [VERSIONS.muslNode, `musl ${VERSIONS.musl}`]
      : [VERSIONS.node, `glibc ${VERSIONS.glibc}`]
  const emulator = isEmulatedOn('x64', platform) ? `, qemu ${VERSIONS.qemu}` : ''
  return `linked with zig; round trip: Node.js ${node}, ${libc}${emulator}${control ? '; control' : ''}`
}

const nameOf = ({ os, node, image }) => `Node.js ${node} on ${image ? `\`${image}\`` : os}`

/** The systems on which the release workflow installs the packages, and those on which CI runs all suites. */
const inWorkflows = () => {
  const installed = matrixOf('installation.yml', 'test')
  const platformOn = Object.fromEntries(
    installed.filter(({ platform }) => !platform.endsWith('-musl')).map(({ os, platform }) => [os, platform])
  )
  const suites = matrixOf('ci.yml', 'systems')
  return platform => [
    list(installed.filter(each => each.platform === platform).map(nameOf)),
    list(suites.filter(({ os }) => platformOn[os] === platform).map(nameOf)) || '–'
  ]
}

const nodeNeeds = platform => PROOFS[platform].node ?? '–'

/** The text of the page. */
export const page = () => {
  const platforms = Object.keys(PLATFORMS)
  const workflows = inWorkflows()
  return `<!-- Written by \`node scripts/prove.mjs --write\`. Change scripts/prove/, not this page. -->

# Platforms

y-dynamodb needs Node.js ${engines.node.replace('>= ', '')} or newer. It has a binary for each of these platforms, in a package of its own, and npm
installs only the one that fits. Nothing is compiled or downloaded afterwards.

${table(
  ['platform', 'Rust target', 'oldest system of the binary', 'what Node.js 20 needs, if that is more'],
  platforms.map(name => [name, `\`${PLATFORMS[name].target}\``, PROOFS[name].oldest, nodeNeeds(name)])
)}

Newer versions of Node.js need newer systems. A binary has at most ${MAX_BYTES.toLocaleString('en')} bytes.

## What is proved where

\`node scripts/prove.mjs\` runs on Linux on x64, as part of \`npm run ready\`. The release workflow installs the packages on
the system of each platform before it publishes them (\`scripts/smoke.mjs\`). CI runs all suites on some systems. macOS and
Windows are in the workflows only.

${table(
  ['platform', 'here, by `scripts/prove.mjs`', 'release workflow', 'all suites, in CI'],
  platforms.map(name => [name, provedHere(name), ...workflows(name)])
)}

- **Round trip**: \`memory:\`, \`file:\` with a document of 1.5 MB that another persistence reads, and two
  requests to a local server over HTTPS.
- **Control**: the same round trip with a binary that was linked without zig must fail on glibc ${VERSIONS.glibc}.
- **Read**: the processor fits; the install name is relative; the binary loads only libraries of macOS, and searches no folders
  for them. The frameworks are stubs, made of what the crates declare: only macOS shows that it has these functions.
- **Compiles**: \`cargo check\`. The C code, that is SQLite and parts of ring, is not compiled.
- **Wine**, with \`--wine\` and not in CI: the round trip with a build for \`x86_64-pc-windows-gnu\`, in Node.js
  ${VERSIONS.wineNode} under wine. That build is not published.
- **All platforms that are linked**: no path of the machine is in the binary.
- **All platforms**: npm installs the package of the platform and no other from a local registry (\`--os\`, \`--cpu\`, \`--libc\`).
- **${list(UNSUPPORTED.map(({ os, cpu }) => `${os}-${cpu}`))}**: npm installs no binary, and the message of \`require\` names the platforms above.

These binaries are built without optimisation, because only linking and running count. \`node scripts/prove.mjs --release\`
builds them as for a release and checks the size of all but Windows; the release workflow does so for all.

## Other platforms

Without a binary, \`require('y-dynamodb')\` throws an error that names the platforms above. Build the addon in a clone of the
repository, with Rust and a C compiler, and install the clone:

<!-- not run: builds the addon -->

\`\`\`sh
npm run build
npm install PATH_OF_THE_CLONE
\`\`\`

Node.js for musl works on Alpine. gcompat is not supported: it loads the binary for glibc, which may crash.
`
}

/** Writes the page as Prettier formats it. */
export const writePage = async () => fs.writeFileSync(PAGE, await formatted())

/** The page as Prettier formats it. */
export const formatted = async () => {
  const { format, resolveConfig } = await import('prettier')
  return format(page(), { ...(await resolveConfig(PAGE)), filepath: PAGE })
}
