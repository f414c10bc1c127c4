/**
 * The typings of the packed package in every mode of TypeScript, from the oldest supported version to the newest, without
 * `skipLibCheck`. Part of `npm run ready`; alone: `node --test __test__/installed/typescript.mjs`.
 */
import assert from 'node:assert/strict'
import path from 'node:path'
import { before, describe, test } from 'node:test'
import { project, run, write } from './support/project.mjs'

const VERSIONS = {
  'ts5.4': 'npm:typescript@5.4',
  'ts5.9': 'npm:typescript@5.9',
  'newest': 'npm:typescript@latest'
}

/** The newest version has neither `node10` nor `esModuleInterop: false`. */
const IS_REMOVED = /TS5108|TS5107/

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
  'default.ts': DEFAULT,
  'named.ts': NAMED
}

/** A default import of a CommonJS module needs `esModuleInterop` in `node10`, as docs/QUICK-START.md says. Mode → `module`, `moduleResolution`, and the programs that can be written in it. */
const MODES = {
  node16: ['node16', 'node16', ['module.mts', 'commonjs.cts']],
  nodenext: ['nodenext', 'nodenext', ['module.mts', 'commonjs.cts']],
  bundler: ['esnext', 'bundler', ['default.ts', 'named.ts']],
  node10: ['commonjs', 'node10', ['default.ts', 'named.ts']]
}

/** Errors in other packages: the typings of lib0 need TypeScript 5.7 and are not ours to repair. */
const isOurs = line => / error TS|^error TS/.test(line) && !/^node_modules[\\/](?!y-dynamodb[\\/])/.test(line)

describe('the typings', () => {
  let folder
  before(async () => {
    folder = await project({ ...VERSIONS, '@types/node': '^20.19.0' })
    write(folder, PROGRAMS)
  })

  for (const version of Object.keys(VERSIONS)) {
    for (const [mode, [module, moduleResolution, programs]] of Object.entries(MODES)) {
      for (const esModuleInterop of [true, false]) {
        test(`${version}, ${mode}, esModuleInterop ${esModuleInterop}`, async t => {
          const files = programs.filter(each => each !== 'default.ts' || mode !== 'node10' || esModuleInterop)
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
          const { out } = await run(process.execPath, [tsc, '--pretty', 'false', '-p', name], { cwd: folder })
          if (IS_REMOVED.test(out)) return t.skip('this version of TypeScript has no such mode')
          assert.deepEqual(out.split('\n').filter(isOurs), [])
        })
      }
    }
  }
})
