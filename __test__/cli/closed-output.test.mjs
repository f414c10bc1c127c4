/** The commands continue when the reader of their output leaves, and report output that cannot be written. */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import { describe, test } from 'node:test'
import { onceOnly } from '../support/dynamodb.mjs'
import { sortKey } from '../support/format.mjs'
import { keystrokes } from '../support/documents.mjs'
import { cli, cliJson, filledTable, folder, tableArgs, start } from './support/cli.mjs'

const COUNT = 400
const [update] = keystrokes(1)

/** More results than fit in the buffer of a pipe, so that it is closed while the run prints. */
function manyDocuments(t) {
  return filledTable(
    t,
    Object.fromEntries(Array.from({ length: COUNT }, (_, i) => [`${i} ${'x'.repeat(300)}`, [update]]))
  )
}

async function closingOutput(t, args) {
  const run = start(t, args)
  run.child.stdout.once('data', () => run.child.stdout.destroy())
  const { code, stderr, stdout } = await run.ended
  assert(stdout.split('\n').length < COUNT, 'the reader has left early')
  return { code, stderr }
}

describe('a reader that closes standard output', onceOnly, () => {
  test('does not stop an export from writing every document', async t => {
    const table = await manyDocuments(t)
    const files = folder(t)
    assert.deepEqual(await closingOutput(t, ['export', '--all', files, ...tableArgs(table)]), {
      code: 0,
      stderr: ''
    })
    assert.equal(fs.readdirSync(files).length, 2 * COUNT)
  })

  test('does not change the exit code of verify', async t => {
    const table = await manyDocuments(t)
    // The last one that the run verifies.
    const broken = (await cliJson(t, ['ls', ...tableArgs(table)])).results.at(-1).name
    await table.put({
      doc: broken,
      key: sortKey(['v1', broken, 'update', 9]),
      value: Buffer.from('no update')
    })
    assert.deepEqual(await closingOutput(t, ['verify', '--all', '--json', ...tableArgs(table)]), {
      code: 1,
      stderr: ''
    })
  })
})

describe(
  'standard output that cannot be written',
  { ...onceOnly, ...(!fs.existsSync('/dev/full') && { skip: 'there is no /dev/full here' }) },
  () => {
    async function toFull(t, args) {
      const stdout = fs.openSync('/dev/full', 'w')
      t.after(() => fs.closeSync(stdout))
      return cli(t, args, { stdout })
    }

    test('is reported in one line with exit code 1, for every kind of output', async t => {
      const table = await filledTable(t, { doc: [update] })
      for (const args of [
        ['ls', ...tableArgs(table)],
        ['export', '--all', folder(t), ...tableArgs(table)],
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
