/**
 * Checks the crates of Cargo.lock against .cargo/deny.toml: licences, banned crates, sources. It needs no network, so it runs
 * where cargo-deny is not installed; known vulnerabilities it cannot see.
 */
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { ROOT, fail } from './machine.mjs'

const CRATES_IO = 'registry+https://github.com/rust-lang/crates.io-index'

/** The strings of a TOML array `name = […]`, each `"…"` or the `crate` of `{ crate = "…" }`. */
const listIn = (toml, name) => {
  const body =
    new RegExp(`^${name} = \\[([^\\]]*)\\]`, 'm').exec(toml)?.[1] ?? fail(`.cargo/deny.toml has no list ${name}`)
  return [...body.matchAll(/^\s*(?:\{ crate = )?"([^"]+)"/gm)].map(found => found[1])
}

/** Whether an SPDX expression can be met with the allowed licences: OR needs one side, AND both, ORs bind weakest. */
export const isAllowed = (expression, allowed) => {
  const tokens = expression.replace(/\s*\/\s*/g, ' OR ').match(/\(|\)|[^\s()]+/g)
  const oneOf = () => {
    let result = allOf()
    while (tokens[0] === 'OR') {
      tokens.shift()
      result = allOf() || result
    }
    return result
  }
  const allOf = () => {
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
      const result = oneOf()
      tokens.shift()
      return result
    }
    if (tokens[0] === 'WITH') name = [name, ...tokens.splice(0, 2)].join(' ')
    return allowed.includes(name)
  }
  return oneOf()
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

const wrong = packages.flatMap(({ name, version, license, source }) =>
  [
    !isAllowed(license ?? 'none', allowed) && `${name} ${version}: licence ${license}`,
    banned.includes(name) && `${name} ${version}: banned`,
    source !== null && source !== CRATES_IO && `${name} ${version}: from ${source}`
  ].filter(Boolean)
)
if (wrong.length > 0) fail(wrong.join('\n'))
process.stdout.write(`${packages.length} crates: licences, bans and sources are as .cargo/deny.toml allows\n`)
process.stdout.write('SKIPPED: advisories (cargo-deny and its database are needed for them)\n')
