/**
 * Checks the crates in Cargo.lock against .cargo/deny.toml: licences, banned crates, sources. It replaces cargo-deny where
 * that is not installed, but does not check for known vulnerabilities.
 */
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { ROOT, fail } from './tools.mjs'

const CRATES_IO = 'registry+https://github.com/rust-lang/crates.io-index'

/** The strings in a TOML array `name = […]`. An element is `"…"` or `{ crate = "…" }`. */
const listIn = (toml, name) => {
  const body =
    new RegExp(`^${name} = \\[([^\\]]*)\\]`, 'm').exec(toml)?.[1]
    ?? fail(`.cargo/deny.toml has no list ${name}`)
  return [...body.matchAll(/^\s*(?:\{ crate = )?"([^"]+)"/gm)].map(found => found[1])
}

/** Whether the allowed licences satisfy an SPDX expression. AND binds tighter than OR. */
export const isAllowed = (expression, allowed) => {
  const tokens = expression.replace(/\s*\/\s*/g, ' OR ').match(/\(|\)|[^\s()]+/g)
  const disjunction = () => {
    let result = conjunction()
    while (tokens[0] === 'OR') {
      tokens.shift()
      result = conjunction() || result
    }
    return result
  }
  const conjunction = () => {
    let result = licence()
    while (tokens[0] === 'AND') {
      tokens.shift()
      result = licence() && result
    }
    return result
  }
  const licence = () => {
    let name = tokens.shift()
    if (name === '(') {
      const result = disjunction()
      tokens.shift()
      return result
    }
    if (tokens[0] === 'WITH') name = [name, ...tokens.splice(0, 2)].join(' ')
    return allowed.includes(name)
  }
  return disjunction()
}

const deny = fs.readFileSync(path.join(ROOT, '.cargo/deny.toml'), 'utf8')
const [allowed, banned] = [listIn(deny, 'allow'), listIn(deny, 'deny')]
const metadata = execFileSync('cargo', ['metadata', '--format-version', '1', '--locked', '--all-features'], {
  cwd: ROOT,
  encoding: 'utf8',
  maxBuffer: 1 << 28,
  stdio: ['ignore', 'pipe', 'inherit']
})
const { packages } = JSON.parse(metadata)

const violations = packages.flatMap(({ name, version, license, source }) =>
  [
    !isAllowed(license ?? 'none', allowed) && `${name} ${version}: licence ${license}`,
    banned.includes(name) && `${name} ${version}: banned`,
    source !== null && source !== CRATES_IO && `${name} ${version}: from ${source}`
  ].filter(Boolean)
)
if (violations.length > 0) fail(violations.join('\n'))
process.stdout.write(`${packages.length} crates: .cargo/deny.toml allows all licences, names and sources\n`)
process.stdout.write('SKIPPED: advisories (they need cargo-deny and its database)\n')
