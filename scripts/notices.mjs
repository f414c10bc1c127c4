/**
 * The licences of all crates that are built into the addon, as one text: many of them ask that their notice goes with the
 * binary. The texts are those of the crates as cargo has fetched them.
 *
 * node scripts/notices.mjs [PLATFORM] > THIRD-PARTY-LICENSES
 */
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { ROOT, fail } from './machine.mjs'
import { PLATFORMS } from './platforms.mjs'

const LICENCE = /^(licen[cs]e|copying|notice|unlicense|authors|copyright)/i
const RULE = '─'.repeat(80)

const metadata = target =>
  JSON.parse(
    execFileSync('cargo', ['metadata', '--format-version', '1', '--locked', '--filter-platform', target], {
      cwd: ROOT,
      encoding: 'utf8',
      maxBuffer: 1 << 28,
      stdio: ['ignore', 'pipe', 'inherit']
    })
  )

/** What is linked into the library: normal dependencies of normal dependencies, no build scripts' and no tests'. */
const linked = target => {
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

/** The licence files of a crate's top folder: the text of each. */
const texts = ({ manifest_path: manifest }) => {
  const folder = path.dirname(manifest)
  return fs
    .readdirSync(folder, { withFileTypes: true })
    .filter(entry => entry.isFile() && LICENCE.test(entry.name) && !/\.rs$/.test(entry.name))
    .map(entry => fs.readFileSync(path.join(folder, entry.name), 'utf8').replace(/\r\n/g, '\n').trim())
    .filter(text => text !== '')
}

const title = ({ name, version, license }) => `${name} ${version} (${license})`

/** The notices of the addon of a platform: each text once, under the crates that come with it. */
export const notices = platform => {
  const crates = linked(PLATFORMS[platform].target).sort((a, b) => (a.name < b.name ? -1 : 1))
  const byText = new Map()
  const bare = []
  for (const crate of crates) {
    const own = texts(crate)
    if (own.length === 0)
      bare.push(
        `${title(crate)}, by ${crate.authors.join(', ') || 'its authors'}: ${crate.repository ?? 'crates.io'}`
      )
    for (const text of own) byText.set(text, [...(byText.get(text) ?? []), title(crate)])
  }
  const sections = [...byText].map(([text, titles]) => `${RULE}\n${titles.join('\n')}\n${RULE}\n\n${text}\n`)
  const without =
    bare.length === 0
      ? []
      : [
          `${RULE}\nPublished without a licence file, under the licence in brackets; the words of MIT are in LICENSE:\n\n${bare.join('\n')}\n`
        ]
  return (
    `The binary contains the Rust standard library (MIT OR Apache-2.0), SQLite (public domain) and these crates.\n\n${crates.map(title).join('\n')}\n\n`
    + [...sections, ...without].join('\n')
  )
}

if (process.argv[1] && path.resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const platform = process.argv[2] ?? 'linux-x64-gnu'
  if (!PLATFORMS[platform]) fail(`node scripts/notices.mjs [${Object.keys(PLATFORMS).join('|')}]`)
  process.stdout.write(notices(platform))
}
