/**
 * `__test__/servers/hocuspocus.test.mjs` with Hocuspocus 4, which needs Node 22, and the typings with its typings. Part of `npm run ready`; alone:
 * `node --test __test__/installed/hocuspocus.mjs`. Needs the addon of `node scripts/build.mjs --test-hooks`.
 */
import { before, test } from 'node:test'
import path from 'node:path'
import { ROOT } from '../../scripts/tools.mjs'
import { project, succeed } from './support/project.mjs'

const NODE = `npm:node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}@22`

let folder
before(async () => {
  folder = await project({ 'node22': NODE, '@hocuspocus/server': '4', '@hocuspocus/provider': '4' })
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
