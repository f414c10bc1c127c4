/**
 * Prints what the packages contain as a CycloneDX document: the crates in the addons, with the checksums of Cargo.lock, and
 * the npm packages that npm installs with them, with those of package-lock.json.
 *
 * node scripts/sbom.mjs [PLATFORM …] > sbom.cdx.json
 */
import fs from 'node:fs'
import path from 'node:path'
import { ROOT, fail, isMain } from './tools.mjs'
import { linkedCrates } from './notices.mjs'
import { PLATFORMS } from './platforms.mjs'
import { repositoryUrl } from './repository.mjs'

const read = name => fs.readFileSync(path.join(ROOT, name), 'utf8')

/** The SPDX expression of a crate. Old crates write `/` for OR. */
const licencesOf = expression => expression && [{ expression: expression.replace(/\s*\/\s*/g, ' OR ') }]

const npmPurl = (name, version) => `pkg:npm/${name.replace('@', '%40')}@${version}`

const hash = (alg, content) => content && [{ alg, content }]

/** A map from `name version` to the SHA-256 of the crate's archive. */
const crateChecksums = () =>
  new Map(
    [
      ...read('Cargo.lock').matchAll(
        /^name = "(?<name>.+)"\nversion = "(?<version>.+)"\nsource = ".+"\nchecksum = "(?<checksum>\w+)"$/gm
      )
    ].map(({ groups: { name, version, checksum } }) => [`${name} ${version}`, checksum])
  )

/** @param more further fields: `hashes`, `externalReferences`, `description` */
const component = (purl, { name, version, license }, more) => ({
  'type': 'library',
  'bom-ref': purl,
  name,
  version,
  'licenses': licencesOf(license),
  purl,
  ...more
})

const crateComponent = checksums => crate => {
  const { name, version, repository } = crate
  return component(`pkg:cargo/${name}@${version}`, crate, {
    hashes: hash('SHA-256', checksums.get(`${name} ${version}`)),
    externalReferences: repository && [{ type: 'vcs', url: repository }]
  })
}

/** The names of the npm packages that `dependencies` bring, with theirs. None of them is installed twice. */
const npmPackages = (packages, dependencies) => {
  const found = new Set()
  const visit = names => {
    for (const name of Object.keys(names ?? {})) {
      if (found.has(name)) continue
      found.add(name)
      visit(packages[`node_modules/${name}`].dependencies)
    }
  }
  visit(dependencies)
  return [...found].sort()
}

const npmComponents = () => {
  const { packages } = JSON.parse(read('package-lock.json'))
  return npmPackages(packages, packages[''].dependencies).map(name => {
    const { version, license, integrity } = packages[`node_modules/${name}`]
    const [, sha512] = integrity.split('sha512-')
    const hashes = hash('SHA-512', Buffer.from(sha512, 'base64').toString('hex'))
    return component(npmPurl(name, version), { name, version, license }, { hashes })
  })
}

/** The document for the packages of some platforms and the JavaScript package. It depends on the lock files alone. */
export const sbom = (platforms = Object.keys(PLATFORMS)) => {
  const main = JSON.parse(read('package.json'))
  const crates = new Map(
    platforms.flatMap(each => linkedCrates(PLATFORMS[each].target)).map(crate => [crate.id, crate])
  )
  const components = [...[...crates.values()].map(crateComponent(crateChecksums())), ...npmComponents()].sort(
    (a, b) => (a.purl < b.purl ? -1 : 1)
  )
  return {
    bomFormat: 'CycloneDX',
    specVersion: '1.5',
    version: 1,
    metadata: {
      component: component(npmPurl(main.name, main.version), main, {
        description: main.description,
        externalReferences: [
          { type: 'vcs', url: repositoryUrl },
          { type: 'website', url: main.homepage },
          { type: 'issue-tracker', url: main.bugs }
        ]
      })
    },
    components
  }
}

if (isMain(import.meta.url)) {
  const platforms = process.argv.slice(2)
  if (platforms.some(name => !PLATFORMS[name]))
    fail(`node scripts/sbom.mjs [${Object.keys(PLATFORMS).join('|')}]…`)
  process.stdout.write(`${JSON.stringify(sbom(platforms.length > 0 ? platforms : undefined), null, 2)}\n`)
}
