/**
 * The packed package in executables, as docs/BUNDLERS.md and docs/RUNTIMES.md say, copied to a folder of their own. Part of
 * `npm run ready`; alone: `node --test __test__/installed/executables.mjs`.
 */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { before, describe, test } from 'node:test'
import { command, files, script } from './support/page.mjs'
import { project, run, succeed, temporaryFolder, write } from './support/project.mjs'
import { OUTPUT, esModule } from './support/round-trip.mjs'

const OUT = 'dist/sea'

describe('executables', { concurrency: false }, () => {
  let folder
  before(async () => {
    folder = await project('executables')
    write(folder, { 'server.mjs': esModule, 'sea.json': files['sea.json'] })
  })

  describe('a Node.js single executable', () => {
    before(() =>
      succeed(
        'npx',
        [
          '--no-install',
          ...command('esbuild server.mjs --bundle --platform=node --loader:.node=copy --outfile=dist/sea')
        ],
        { cwd: folder }
      )
    )

    /** Runs the commands of the page with a version of Node. */
    const build = node => {
      const bin = path.join(folder, 'node_modules', node, 'bin')
      const env = { PATH: `${bin}${path.delimiter}${process.env.PATH}` }
      return succeed('sh', ['-e', '-c', script('node --experimental-sea-config')], { cwd: folder, env })
    }
    const runMoved = names => {
      const target = temporaryFolder()
      for (const name of names) fs.cpSync(path.join(folder, OUT, name), path.join(target, name))
      return run(path.join(target, 'server'), [], { cwd: target })
    }

    for (const node of ['node20', 'node22', 'node24', 'newest-node']) {
      test(`of ${node} loads the binary beside it`, async () => {
        await build(node)
        const addons = fs.readdirSync(path.join(folder, OUT)).filter(name => name.endsWith('.node'))
        assert.deepEqual(await runMoved(['server', ...addons]), { code: 0, out: OUTPUT })
      })
    }

    test('without the binary says where it belongs', async () => {
      const { code, out } = await runMoved(['server'])
      assert.notEqual(code, 0)
      assert.match(out, /A single executable needs the binary beside it.*docs\/BUNDLERS\.md/)
    })
  })

  test('bun build --compile puts the binary into the executable', async () => {
    const bun = path.join(folder, 'node_modules', '.bin', 'bun')
    const executable = path.join(temporaryFolder(), 'server')
    await succeed(bun, ['build', '--compile', 'server.mjs', '--outfile', executable], { cwd: folder })
    assert.deepEqual(await run(executable, []), { code: 0, out: OUTPUT })
  })
})
