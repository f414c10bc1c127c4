/**
 * The platforms with a published binary: the Rust target, npm's `os`, `cpu` and `libc` conditions, and the names of the
 * binary and its package. `lib/native.js` repeats the names, because bundlers read only literals.
 */
export const PLATFORMS = {
  'linux-x64-gnu': { target: 'x86_64-unknown-linux-gnu', os: 'linux', cpu: 'x64', libc: 'glibc' },
  'linux-x64-musl': { target: 'x86_64-unknown-linux-musl', os: 'linux', cpu: 'x64', libc: 'musl' },
  'linux-arm64-gnu': { target: 'aarch64-unknown-linux-gnu', os: 'linux', cpu: 'arm64', libc: 'glibc' },
  'linux-arm64-musl': { target: 'aarch64-unknown-linux-musl', os: 'linux', cpu: 'arm64', libc: 'musl' },
  'darwin-x64': { target: 'x86_64-apple-darwin', os: 'darwin', cpu: 'x64' },
  'darwin-arm64': { target: 'aarch64-apple-darwin', os: 'darwin', cpu: 'arm64' },
  'win32-x64-msvc': { target: 'x86_64-pc-windows-msvc', os: 'win32', cpu: 'x64' }
}

/** The platform of this machine, even if no binary is published for it. */
export const ownPlatform = () => {
  process.report.excludeNetwork = true // otherwise the report looks up the host names of all connections
  const isMusl = process.platform === 'linux' && !process.report.getReport().header.glibcVersionRuntime
  const abi = { linux: isMusl ? '-musl' : '-gnu', win32: '-msvc' }[process.platform] ?? ''
  return `${process.platform}-${process.arch}${abi}`
}

export const addonName = platform => `y-dynamodb.${platform}.node`

/** Scoped, because npm's spam detection refuses series of similar unscoped names. */
export const packageName = platform => `@y-dynamodb/${platform}`

/** The name of the file that `npm pack` writes. */
export const tarballName = (name, version) => `${name.replace('@', '').replace('/', '-')}-${version}.tgz`

/** The package.json of a platform's package. `main` is the package.json of the JavaScript package. */
export const platformManifest = (platform, main) => {
  const { os, cpu, libc } = PLATFORMS[platform]
  return {
    name: packageName(platform),
    version: main.version,
    description: `The native addon of ${main.name} for ${platform}`,
    license: main.license,
    repository: main.repository,
    homepage: main.homepage,
    bugs: main.bugs,
    main: addonName(platform),
    files: [addonName(platform), 'THIRD-PARTY-LICENSES'],
    engines: main.engines,
    os: [os],
    cpu: [cpu],
    ...(libc && { libc: [libc] })
  }
}

export const platformReadme = (platform, { name, homepage }) =>
  `# ${packageName(platform)}

The native addon of [${name}](${homepage}) for \`${PLATFORMS[platform].target}\`. Install \`${name}\`; npm
chooses the package for your platform.
`
