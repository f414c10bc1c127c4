/** A second copy of yjs that `getYDoc` loads, in a process of its own. Bundles: `__test__/installed/bundlers.mjs`. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { ROOT } from '../../scripts/tools.mjs'

const run = (yjs, config = '{}') => {
  const program = `
    import DynamoDbPersistence from 'y-dynamodb'
    import { createRequire } from 'node:module'
    const require = createRequire(import.meta.url)
    const Y = ${yjs}
    const aws = { endpoint: 'memory:', region: 'local' }
    const persistence = DynamoDbPersistence({ tableName: 'docs', aws, ...${config} })
    const copies = await Promise.all(['a', 'b'].map(name => persistence.getYDoc(name)))
    copies.push(await persistence.getYDoc('c'))
    await persistence.close()
    console.log(copies.map(copy => copy instanceof Y.Doc).join())`
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', program], {
    cwd: ROOT,
    encoding: 'utf8'
  })
  return { shown: stdout.trim(), warnings: stderr.split('\n').filter(line => /Y_DYNAMODB|Yjs/.test(line)) }
}

test('a second copy of yjs is reported once, with the options to set, in place of what yjs prints', () => {
  const { shown, warnings } = run("require('yjs')")
  assert.equal(shown, 'false,false,false')
  assert.equal(warnings.length, 1, warnings.join('\n'))
  assert.match(warnings[0], /Y_DYNAMODB_SECOND_YJS.* mark both as external.* config\.Y /)
})

test('with one copy, or with config.Y, nothing is reported', () => {
  for (const args of [
    ["await import('yjs')"],
    ["require('yjs')", '{ Y }'],
    ["await import('@y/y')", '{ Y }']
  ])
    assert.deepEqual(run(...args), { shown: 'true,true,true', warnings: [] }, args.join())
})

test('the globals by which yjs notices a second copy exist while nothing is loaded', () => {
  for (const [yjs, name] of [
    ['yjs', '__ $YJS$ __'],
    ['@y/y', '__ $YJS14$ __']
  ]) {
    const { shown } = run(`{ Doc: (await import('${yjs}')).Doc, found: console.log(globalThis['${name}']) }`)
    assert.match(shown, /^true\n/, yjs)
  }
})
