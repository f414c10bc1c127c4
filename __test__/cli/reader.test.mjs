import assert from 'node:assert/strict'
import fs from 'node:fs'
import { describe, test } from 'node:test'
import { onceOnly } from '../support/engine.mjs'
import { sortKey } from '../support/format.mjs'
import { keystrokes } from '../support/documents.mjs'
import { cli, cliJson, filledTable, folder, of, start } from './support/cli.mjs'

const COUNT = 400
const [update] = keystrokes(1)

/** So many results that they do not fit a pipe: it is closed while the run prints. */
function manyDocuments(t) {
  return filledTable(
    t,
    Object.fromEntries(Array.from({ length: COUNT }, (_, i) => [`${i} ${'x'.repeat(300)}`, [update]]))
  )
}

async function withoutReader(t, args) {
  const run = start(t, args)
  run.child.stdout.once('data', () => run.child.stdout.destroy())
  const { code, stderr, stdout } = await run.ended
  assert(stdout.split('\n').length < COUNT, 'the reader has gone early')
  return { code, stderr }
}

describe('a reader that goes away', onceOnly, () => {
  test('does not keep an export from writing every document', async t => {
    const table = await manyDocuments(t)
    const files = folder(t)
    assert.deepEqual(await withoutReader(t, ['export', '--all', files, ...of(table)]), {
      code: 0,
      stderr: ''
    })
    assert.equal(fs.readdirSync(files).length, 2 * COUNT)
  })

  test('does not keep verify from its exit code', async t => {
    const table = await manyDocuments(t)
    // The last one that the run meets.
    const broken = (await cliJson(t, ['ls', ...of(table)])).results.at(-1).name
    await table.put({
      doc: broken,
      key: sortKey(['v1', broken, 'update', 9]),
      value: Buffer.from('no update')
    })
    assert.deepEqual(await withoutReader(t, ['verify', '--all', '--json', ...of(table)]), {
      code: 1,
      stderr: ''
    })
  })
})

describe(
  'standard output that takes nothing',
  { ...onceOnly, ...(!fs.existsSync('/dev/full') && { skip: 'there is no /dev/full here' }) },
  () => {
    async function toFull(t, args) {
      const stdout = fs.openSync('/dev/full', 'w')
      t.after(() => fs.closeSync(stdout))
      return cli(t, args, { stdout })
    }

    test('is told in one line and ends the run with 1, whatever was to be printed', async t => {
      const table = await filledTable(t, { doc: [update] })
      for (const args of [
        ['ls', ...of(table)],
        ['export', '--all', folder(t), ...of(table)],
        ['policy'],
        ['--help'],
        ['ls', '--help']
      ]) {
        const { code, stderr } = await toFull(t, args)
        assert.equal(code, 1, args[0])
        assert.match(stderr, /^y-dynamodb: .+ \(ENOSPC\)\n$/)
      }
    })
  }
)
