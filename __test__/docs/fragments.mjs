/**
 * Runs the fragments of a page, one after the other in one process. A fragment is a js block that is neither a program nor a
 * server.
 *
 * The fragments become one ES module. Each block opens a scope inside that of the previous block, so it sees earlier
 * declarations and may declare the same names again. Every line keeps its line number of the page, so that a stack shows where
 * the page is wrong. contexts.mjs provides the globals (`persistence`, `doc`, …).
 *
 * `// → VALUE` at the end of a line is the result of the line: the value that it declares or awaits, or its output. `…` stands
 * for anything.
 */
import { spawnSync } from 'node:child_process'
import path from 'node:path'
import { ROOT } from '../../scripts/tools.mjs'
import { THROUGH } from './shown.mjs'

const LIMIT_MS = 60_000
const ON_AWS = /aws: \{ region: '[^']+'/g
const SUPPORT = new URL('shown.mjs', import.meta.url)
const CONTEXTS = new URL('contexts.mjs', import.meta.url)
const SHOWN = /^(\s*)(.*\S)\s+\/\/ → (.*)$/

/**
 * Runs the fragments of a page in a process that loads this package as 'y-dynamodb' and may write into `folder`.
 *
 * @returns standard error of the process; empty if everything is right
 */
export const runFragments = (page, fragments, folder) => {
  const input = moduleOf(page, fragments)
    .replace(ON_AWS, `aws: { endpoint: 'memory:docs', region: 'local'`)
    .replaceAll(`'./storage'`, JSON.stringify(path.join(folder, 'storage')))
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-'], {
    cwd: ROOT,
    encoding: 'utf8',
    input,
    timeout: LIMIT_MS
  })
  return status === 0 && stdout === THROUGH ? stderr : `${stderr}\nended early with ${status ?? signal}`
}

/** The fragments of a page as the source of one module. */
const moduleOf = (name, fragments) => {
  const lines = [
    `import { is, printed } from '${SUPPORT}'; import { enter, leave } from '${CONTEXTS}'; await enter('${name}')`
  ]
  for (const { line, text } of fragments) {
    const own = text.trimEnd().split('\n')
    while (lines.length < line - 1) lines.push('')
    lines[line - 1] = '{'
    own.forEach((code, i) => lines.push(withCheck(code, line + 1 + i)))
  }
  return `${imported(lines.join('\n'))}\n${'}'.repeat(fragments.length)}\nawait leave('${name}')\n`
}

const withCheck = (code, line) => {
  const [, indent, statement, value] = SHOWN.exec(code) ?? []
  if (value === undefined) return code
  const expected = `${JSON.stringify(value)}, ${line}`
  const declared = /^(?:const|let) (\w+) = /.exec(statement)?.[1]
  if (declared) return `${indent}${statement}; is(${declared}, ${expected})`
  return statement.includes('console.log(')
    ? `${indent}${statement}; printed(${expected})`
    : `${indent}is(${statement}, ${expected})`
}

/** Static imports are allowed only at the top of a module, so in a scope they become dynamic ones. */
const imported = source =>
  source.replace(/^import (?!\{ is, printed)([^'"]+?) from ('[^']+')/gm, (_, names, from) => {
    const [, whole, one, some] = /^(?:\* as (\w+)|(\w+)?(?:, )?(\{[^}]*\})?)$/s.exec(names)
    if (whole) return `const ${whole} = await import(${from})`
    const named = some ? some.slice(1, -1).replace(/ as /g, ': ') : ''
    return `const { ${[one && `default: ${one}`, named.trim()].filter(Boolean).join(', ')} } = await import(${from})`
  })
