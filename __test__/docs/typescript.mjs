/** Compiles ts blocks as virtual files of the top folder, so that 'y-dynamodb' is this package. */
import path from 'node:path'
import ts from 'typescript'
import { ROOT } from '../../scripts/tools.mjs'

const OPTIONS = {
  module: ts.ModuleKind.NodeNext,
  target: ts.ScriptTarget.ES2023,
  lib: ['lib.es2023.d.ts', 'lib.dom.d.ts'],
  strict: true,
  exactOptionalPropertyTypes: true,
  noEmit: true,
  skipLibCheck: true,
  types: ['node']
}

/**
 * @param {string[]} sources
 * @returns the errors of the compiler, one line each
 */
export const errorsOf = sources => {
  const files = new Map(sources.map((text, i) => [path.join(ROOT, `block-${i}.mts`), text]))
  const host = ts.createCompilerHost(OPTIONS)
  const { fileExists, readFile } = host
  host.fileExists = name => files.has(name) || fileExists(name)
  host.readFile = name => files.get(name) ?? readFile(name)
  const program = ts.createProgram([...files.keys()], OPTIONS, host)
  return ts.getPreEmitDiagnostics(program).map(({ file, start, messageText }) => {
    const line = file ? file.getLineAndCharacterOfPosition(start).line + 1 : 0
    return `${file ? path.basename(file.fileName) : ''}:${line} ${ts.flattenDiagnosticMessageText(messageText, '\n')}`
  })
}
