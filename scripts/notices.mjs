/**
 * Prints the licences of all crates in the addon as one text, because many licences require that their notice accompanies
 * the binary. The texts come from the sources that cargo downloaded.
 *
 * node scripts/notices.mjs [PLATFORM] > THIRD-PARTY-LICENSES
 */
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { ROOT, fail, isMain } from './tools.mjs'
import { PLATFORMS } from './platforms.mjs'

const LICENCE = /^(licen[cs]e|copying|notice|unlicense|authors|copyright)/i
const SEPARATOR = '─'.repeat(80)

const metadata = target =>
  JSON.parse(
    execFileSync('cargo', ['metadata', '--format-version', '1', '--locked', '--filter-platform', target], {
      cwd: ROOT,
      encoding: 'utf8',
      maxBuffer: 1 << 28,
      stdio: ['ignore', 'pipe', 'inherit']
    })
  )

/** The crates linked into the library: its normal dependencies and theirs, without build and development dependencies. */
export const linkedCrates = target => {
  const {
    packages,
    resolve: { nodes, root }
  } = metadata(target)
  const byId = new Map(packages.map(each => [each.id, each]))
  const edges = new Map(nodes.map(({ id, deps }) => [id, deps]))
  const found = new Set()
  const visit = id => {
    for (const { pkg, dep_kinds: kinds } of edges.get(id)) {
      if (found.has(pkg) || !kinds.some(({ kind }) => kind === null)) continue
      found.add(pkg)
      visit(pkg)
    }
  }
  visit(root)
  return [...found].map(id => byId.get(id))
}

/** The texts of the licence files in the top folder of a crate. */
const licenceTexts = ({ manifest_path: manifest }) => {
  const folder = path.dirname(manifest)
  return fs
    .readdirSync(folder, { withFileTypes: true })
    .filter(entry => entry.isFile() && LICENCE.test(entry.name) && !/\.rs$/.test(entry.name))
    .map(entry => fs.readFileSync(path.join(folder, entry.name), 'utf8').replace(/\r\n/g, '\n').trim())
    .filter(text => text !== '')
}

const title = ({ name, version, license }) => `${name} ${version} (${license})`

/** The notices for the addon of a platform. Each text appears once, below the titles of its crates. */
export const notices = platform => {
  const crates = linkedCrates(PLATFORMS[platform].target).sort((a, b) => (a.name < b.name ? -1 : 1))
  const byText = new Map()
  const withoutText = []
  for (const crate of crates) {
    const texts = licenceTexts(crate)
    if (texts.length === 0)
      withoutText.push(
        `${title(crate)}, by ${crate.authors.join(', ') || 'its authors'}: ${crate.repository ?? 'crates.io'}`
      )
    for (const text of texts) byText.set(text, [...(byText.get(text) ?? []), title(crate)])
  }
  const sections = [...byText].map(
    ([text, titles]) => `${SEPARATOR}\n${titles.join('\n')}\n${SEPARATOR}\n\n${text}\n`
  )
  const lastSection =
    withoutText.length === 0
      ? []
      : [
          `${SEPARATOR}\nThese crates contain no licence file. The licence is given in brackets; LICENSE contains the text of MIT:\n\n${withoutText.join('\n')}\n`
        ]
  return (
    `The binary contains the Rust standard library (MIT OR Apache-2.0), SQLite (public domain) and these crates.\n\n${crates.map(title).join('\n')}\n\n`
    + [...sections, ...lastSection].join('\n')
  )
}

if (isMain(import.meta.url)) {
  const platform = process.argv[2] ?? 'linux-x64-gnu'
  if (!PLATFORMS[platform]) fail(`node scripts/notices.mjs [${Object.keys(PLATFORMS).join('|')}]`)
  process.stdout.write(notices(platform))
}
