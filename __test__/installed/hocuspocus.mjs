/**
 * `__test__/servers/hocuspocus.test.mjs` with Hocuspocus 4, which needs Node 22, and the typings with its typings. Part of `npm run ready`; alone:
 * `node --test __test__/installed/hocuspocus.mjs`. Builds the addon with test hooks, as `npm test` does.
 */
import { before, test } from 'node:test'
import fs from 'node:fs'
import path from 'node:path'
import { build } from '../../scripts/build.mjs'
import { ROOT } from '../../scripts/tools.mjs'
import { project, succeed, write } from './support/project.mjs'

let folder
before(async () => {
  folder = await project('hocuspocus')
  await build({ testHooks: true })
})

test('the tests of the extension pass with Hocuspocus 4', async () => {
  const args = [
    '--import',
    './__test__/installed/support/use-hocuspocus.mjs',
    '__test__/servers/hocuspocus.test.mjs'
  ]
  const node = path.join(folder, 'node_modules', 'node22', 'bin', 'node')
  await succeed(node, args, { cwd: ROOT, env: { HOCUSPOCUS: folder } })
})

test('the typings fit those of Hocuspocus 4, without skipLibCheck', async () => {
  const types = path.join(ROOT, '__test__', 'types')
  const files = ['hocuspocus.cts', 'hocuspocus.mts']
  const { compilerOptions } = JSON.parse(fs.readFileSync(path.join(types, 'tsconfig.json'), 'utf8'))
  write(folder, {
    'hocuspocus/hocuspocus.cts': fs.readFileSync(path.join(types, 'hocuspocus.cts')),
    'hocuspocus/hocuspocus.mts': fs.readFileSync(path.join(types, 'servers', 'hocuspocus.mts')),
    'hocuspocus/tsconfig.json': JSON.stringify({ compilerOptions, files })
  })
  const tsc = path.join(folder, 'node_modules', 'ts5.9', 'bin', 'tsc')
  await succeed(process.execPath, [tsc, '-p', path.join(folder, 'hocuspocus')])
})
