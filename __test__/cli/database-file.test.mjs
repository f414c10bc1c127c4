/** Each reason why a database file cannot be opened is one line that names the file and the correction. */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { describe, test } from 'node:test'
import { onceOnly } from '../support/dynamodb.mjs'
import { cli, cliJson, folder } from './support/cli.mjs'

const on = file => ['--table', 'docs', '--endpoint', `file:${file}`]

/** Runs a command that must refuse the file, and returns its only line. */
async function refused(t, args, options) {
  const { code, stdout, stderr } = await cli(t, args, options)
  assert.deepEqual([code, stdout], [2, ''])
  assert.match(stderr, /^y-dynamodb: (?!y-dynamodb)[^\n]+ \(ERR_INVALID_ARGUMENT\)\n$/)
  return stderr
}

describe(
  'a database file that cannot be used is refused with its name, the cause and what to do',
  onceOnly,
  () => {
    test('in a folder that is not there', async t => {
      const place = folder(t)
      const file = path.join(place, 'nowhere', 'docs.db')
      const line = await refused(t, ['create-table', ...on(file)])
      assert(line.includes(file) && line.includes(`there is no folder ${path.dirname(file)}`), line)
      assert.deepEqual(fs.readdirSync(place), [])
    })

    test('below a file', async t => {
      const parent = path.join(folder(t), 'parent')
      fs.writeFileSync(parent, '')
      for (const command of ['create-table', 'ls'])
        assert.match(
          await refused(t, [command, ...on(path.join(parent, 'docs.db'))]),
          /not a (folder|directory)/
        )
    })

    test('a folder', async t => {
      const place = folder(t)
      for (const command of ['create-table', 'ls'])
        assert((await refused(t, [command, ...on(place)])).includes(`${place} is a folder`))
    })

    test('a file of something else', async t => {
      const file = path.join(folder(t), 'notes.txt')
      for (const content of ['short', 'x'.repeat(10_000)]) {
        fs.writeFileSync(file, content)
        for (const command of ['create-table', 'ls', 'stats'])
          assert((await refused(t, [command, ...on(file)])).includes(`${file} is not a database`))
        assert.equal(fs.readFileSync(file, 'utf8'), content)
      }
    })

    const unprivileged =
      process.getuid === undefined ? 'the permissions of this system are other ones' : false
    test('without permission', { skip: unprivileged }, async t => {
      const place = folder(t)
      const file = path.join(place, 'docs.db')
      assert.equal((await cli(t, ['create-table', ...on(file)])).code, 0)
      const as = { asNobody: process.getuid() === 0 }
      fs.chmodSync(place, 0o777)
      fs.chmodSync(file, 0o444)
      const readOnly = await refused(t, ['ls', ...on(file)], as)
      assert(readOnly.includes(`${file} is not writable`), readOnly)
      fs.chmodSync(file, 0o000)
      assert((await refused(t, ['ls', ...on(file)], as)).includes(`cannot read ${file} (EACCES)`))
      fs.chmodSync(file, 0o666)
      fs.chmodSync(place, 0o555)
      assert((await refused(t, ['ls', ...on(file)], as)).includes(`${place} is not writable`))
      assert(
        (await refused(t, ['create-table', ...on(path.join(place, 'new.db'))], as)).includes(
          `${place} is not writable`
        )
      )
    })
  }
)

test('an error of SQLite is printed with its cause', onceOnly, async t => {
  const file = path.join(folder(t), 'broken.db')
  fs.writeFileSync(file, Buffer.concat([Buffer.from('SQLite format 3\0'), Buffer.alloc(5_000, 7)]))
  for (const command of ['create-table', 'ls']) {
    assert.match(
      await refused(t, [command, ...on(file)]),
      /^y-dynamodb: the embedded database 'file:.*broken\.db' cannot be opened: .+ \(/
    )
  }
  const { failures } = await cliJson(t, ['ls', ...on(file)])
  assert.match(failures[0].cause, /database/)
})
