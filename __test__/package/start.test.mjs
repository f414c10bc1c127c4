/** What loading the package loads. `node bench/start.mjs` measures the time. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { test } from 'node:test'
import { ROOT } from '../../scripts/tools.mjs'

/** Runs a program in the top folder. Returns the packages in Node's cache of CommonJS modules. */
const loadedBy = program => {
  const end = `const { default: modules } = await import('node:module')
    const files = Object.keys(modules._cache)
    console.log(JSON.stringify(files.flatMap(file => /node_modules.([\\w-]+)/.exec(file)?.[1] ?? [])))`
  const args = ['--input-type=module', '--eval', `${program}\n${end}`]
  const out = execFileSync(process.execPath, args, { cwd: ROOT, encoding: 'utf8' })
  return [...new Set(JSON.parse(out))].sort()
}

const OPEN = `const persistence = DynamoDbPersistence({ tableName: 'docs', aws: { endpoint: 'memory:', region: 'local' } })`

for (const [name, load] of [
  [
    'require',
    `import { createRequire } from 'node:module'
    const DynamoDbPersistence = createRequire(process.cwd() + '/')('y-dynamodb')`
  ],
  ['import', `import DynamoDbPersistence from 'y-dynamodb'`]
]) {
  test(`${name} loads neither yjs nor lib0 before they are needed`, () => {
    assert.deepEqual(loadedBy(load), [])
    assert.deepEqual(
      loadedBy(`${load}\n${OPEN}\nawait persistence.getDiff('letter')\nawait persistence.close()`),
      []
    )
  })
}

test('import never loads the CommonJS yjs', () => {
  const program = `import DynamoDbPersistence from 'y-dynamodb'\n${OPEN}
    await persistence.setMeta('letter', 'title', 'Letter')
    await persistence.getYDoc('letter')
    await persistence.close()`
  const loaded = loadedBy(program)
  assert(loaded.includes('lib0'))
  assert(!loaded.includes('yjs'))
})

test('require loads the CommonJS yjs with the first document', () => {
  const program = `import { createRequire } from 'node:module'
    const DynamoDbPersistence = createRequire(process.cwd() + '/')('y-dynamodb')\n${OPEN}
    await persistence.getYDoc('letter')
    await persistence.close()`
  assert(loadedBy(program).includes('yjs'))
})
