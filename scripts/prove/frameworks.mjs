/**
 * Stubs of the frameworks of macOS, to link without a Mac. A stub names the functions and variables that the crates declare;
 * whether macOS has them is seen on macOS only, in the release workflow.
 */
import fs from 'node:fs'
import path from 'node:path'
import { linkedCrates } from '../notices.mjs'

const FRAMEWORK = /\blink\(name = "(\w+)", kind = "framework"\)/g
const DECLARATION = /^\s*pub (?:fn|static) (\w+)/gm
const TARGETS = '[ x86_64-macos, arm64-macos ]'

const sourcesOf = ({ manifest_path: manifest }) => {
  const folder = path.join(path.dirname(manifest), 'src')
  return fs
    .readdirSync(folder, { recursive: true })
    .filter(name => name.endsWith('.rs'))
    .map(name => fs.readFileSync(path.join(folder, name), 'utf8'))
    .join('\n')
}

const stubOf = (name, symbols) => `--- !tapi-tbd
tbd-version: 4
targets: ${TARGETS}
install-name: '/System/Library/Frameworks/${name}.framework/Versions/A/${name}'
exports:
  - targets: ${TARGETS}
    symbols: [ ${symbols.map(symbol => `_${symbol}`).join(', ')} ]
...
`

/** Writes the stubs of all frameworks that the crates of a target link. Returns the environment in which rustc finds them. */
export const writeFrameworks = (sdk, target) => {
  const crates = linkedCrates(target).filter(({ name }) => name.endsWith('-sys'))
  for (const source of crates.map(sourcesOf)) {
    const symbols = [...new Set([...source.matchAll(DECLARATION)].map(found => found[1]))].sort()
    for (const [, name] of source.matchAll(FRAMEWORK)) {
      const framework = path.join(sdk, 'System', 'Library', 'Frameworks', `${name}.framework`)
      fs.mkdirSync(framework, { recursive: true })
      fs.writeFileSync(path.join(framework, `${name}.tbd`), stubOf(name, symbols))
    }
  }
  return { SDKROOT: sdk }
}
