/**
 * The typings of the packed package in every mode of TypeScript, from the oldest supported version to the newest, without
 * `skipLibCheck`. Part of `npm run ready`; alone: `node --test __test__/installed/typescript.mjs`.
 */
import assert from 'node:assert/strict'
import path from 'node:path'
import { before, describe, test } from 'node:test'
import { project, run, write } from './support/project.mjs'

const VERSIONS = ['ts5.4', 'ts5.9', 'newest-ts']

/** The newest version has neither `node10` nor `esModuleInterop: false`, and says so. */
const REMOVED = /error TS5108/
const isRemoved = (version, mode, esModuleInterop) =>
  version === 'newest-ts' && (mode === 'node10' || !esModuleInterop)

const BODY = `
const persistence: DynamoDbPersistence = DynamoDbPersistence({ tableName: 'docs' })
export async function main(): Promise<string | undefined> {
  const doc = await persistence.getYDoc('letter', { gc: false })
  // @ts-expect-error: the document is a Y.Doc, not any
  doc.noSuchMember
  const update: Uint8Array = mergeUpdates([await persistence.getDiff('letter')])
  const extension = new DynamoDB({ persistence })
  try {
    await persistence.storeUpdate('letter', update)
  } catch (error) {
    if (error instanceof PersistenceError) return error.code
  }
  return extension.extensionName
}
`
const IMPORTS = `
import { PersistenceError } from 'y-dynamodb'
import { mergeUpdates } from 'y-dynamodb/updates'
import { DynamoDB } from 'y-dynamodb/hocuspocus'
`
const DEFAULT = `import DynamoDbPersistence from 'y-dynamodb'${IMPORTS}${BODY}`
const NAMED = `import { DynamoDbPersistence } from 'y-dynamodb'${IMPORTS}${BODY}`

const PROGRAMS = {
  'module.mts': DEFAULT,
  'commonjs.cts': `import DynamoDbPersistence = require('y-dynamodb')${IMPORTS}${BODY}`,
  'default.cts': DEFAULT,
  'named.cts': NAMED,
  'named.mts': NAMED,
  'default.ts': DEFAULT,
  'named.ts': NAMED
}

const NODE_PROGRAMS = ['module.mts', 'named.mts', 'commonjs.cts', 'default.cts', 'named.cts']
/** A default import of a CommonJS module needs `esModuleInterop`, as docs/QUICK-START.md says. */
const needsInterop = (mode, program) =>
  program === 'default.cts' || (program === 'default.ts' && mode === 'node10')

/** Mode → `module`, `moduleResolution`, and the programs that can be written in it. */
const MODES = {
  node16: ['node16', 'node16', NODE_PROGRAMS],
  nodenext: ['nodenext', 'nodenext', NODE_PROGRAMS],
  bundler: ['esnext', 'bundler', ['default.ts', 'named.ts']],
  node10: ['commonjs', 'node10', ['default.ts', 'named.ts']]
}

/** Errors in other packages: the typings of lib0 need TypeScript 5.7 and are not ours to repair. */
const isOurs = line => / error TS|^error TS/.test(line) && !/^node_modules[\\/](?!y-dynamodb[\\/])/.test(line)

describe('the typings', () => {
  let folder
  before(async () => {
    folder = await project('typescript')
    write(folder, PROGRAMS)
  })

  for (const version of VERSIONS) {
    for (const [mode, [module, moduleResolution, programs]] of Object.entries(MODES)) {
      for (const esModuleInterop of [true, false]) {
        const removed = isRemoved(version, mode, esModuleInterop)
        const suffix = removed ? ' no longer exists' : ''
        test(`${version}, ${mode}, esModuleInterop ${esModuleInterop}${suffix}`, async () => {
          const files = programs.filter(each => esModuleInterop || !needsInterop(mode, each))
          const name = `tsconfig.${version}.${mode}.${esModuleInterop}.json`
          const compilerOptions = {
            module,
            moduleResolution,
            esModuleInterop,
            target: 'es2022',
            lib: ['es2022'],
            types: ['node'],
            strict: true,
            noEmit: true,
            skipLibCheck: false
          }
          write(folder, { [name]: JSON.stringify({ compilerOptions, files }) })
          const tsc = path.join(folder, 'node_modules', version, 'bin', 'tsc')
          const { code, out } = await run(process.execPath, [tsc, '--pretty', 'false', '-p', name], {
            cwd: folder
          })
          if (removed) assert.match(out, REMOVED)
          else if (code !== 0) assert.match(out, / error TS/)
          if (!removed) assert.deepEqual(out.split('\n').filter(isOurs), [])
        })
      }
    }
  }
})
