/** Help, wrong usage and output of the commands, run as processes. docs/CLI.md is compared with the help. */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { createRequire } from 'node:module'
import { describe, test } from 'node:test'
import { TestTable, onceOnly } from '../support/dynamodb.mjs'
import { keystrokes } from '../support/documents.mjs'
import { sortKey } from '../support/format.mjs'
import { ROOT, cli, cliJson, filledTable, folder, tableArgs, start } from './support/cli.mjs'

const require = createRequire(import.meta.url)
const { COMMANDS } = require('../../cli/help.cjs')
const { version } = require('../../package.json')
const FILE = path.join(ROOT, 'package.json')
const DOCS = fs.readFileSync(path.join(ROOT, 'docs', 'CLI.md'), 'utf8')

describe('help', onceOnly, () => {
  test('and version are printed', async t => {
    for (const args of [[], ['--help'], ['-h'], ['help'], ['help', 'help']]) {
      const { code, stdout, stderr } = await cli(t, args)
      assert.deepEqual([code, stderr], [0, ''])
      for (const { name } of COMMANDS) assert.match(stdout, new RegExp(`^  ${name} `, 'm'))
    }
    for (const option of ['--version', '-v']) assert.equal((await cli(t, [option])).stdout, `${version}\n`)
  })

  test('of each command is printed, and docs/CLI.md has it word for word', async t => {
    const general = await cli(t, ['--help'])
    assert(DOCS.includes(`\`\`\`text\n${general.stdout}\`\`\``), 'the general help')
    for (const { name } of COMMANDS) {
      const { code, stdout } = await cli(t, [name, '--help'])
      assert.equal(code, 0)
      assert.equal((await cli(t, ['help', name])).stdout, stdout)
      assert(stdout.startsWith(`Usage: y-dynamodb ${name} `), stdout)
      assert(DOCS.includes(`## \`${name}\``), `${name} has a section`)
      assert(DOCS.includes(`\`\`\`text\n${stdout}\`\`\``), `docs/CLI.md has the help of ${name}:\n${stdout}`)
    }
    const documented = [...DOCS.matchAll(/^## `(.+)`$/gm)].map(([, name]) => name)
    assert.deepEqual(
      documented,
      COMMANDS.map(({ name }) => name)
    )
  })

  test('needs no table, no region and no yjs', async t => {
    const { code } = await cli(t, ['verify', '--help'], { env: { AWS_REGION: '' } })
    assert.equal(code, 0)
  })
})

describe('wrong usage exits with 2 before anything is done', onceOnly, () => {
  const CALLS = {
    'an unknown command': ['lsx', '--table', 'docs'],
    'help on an unknown command': ['help', 'lsx'],
    'help on two commands': ['help', 'ls', 'show'],
    'an option before the command': ['--table', 'docs', 'ls'],
    'an unknown option': ['ls', '--table', 'docs', '--tabel', 'x'],
    'an option without its value': ['ls', '--table'],
    'an empty value': ['ls', '--table', ''],
    'no table': ['ls'],
    'an invalid table name': ['ls', '--table', 'x'],
    'a table in memory': ['ls', '--table', 'docs', '--endpoint', 'memory:x'],
    'too many arguments': ['ls', 'doc', '--table', 'docs'],
    'no document': ['show', '--table', 'docs'],
    'neither a document nor --all': ['verify', '--table', 'docs'],
    'a document and --all': ['verify', 'doc', '--all', '--table', 'docs'],
    'no folder': ['export', '--all', '--table', 'docs'],
    'a concurrency of zero': ['verify', '--all', '--table', 'docs', '--concurrency', '0'],
    'a concurrency that is not a number': ['verify', '--all', '--table', 'docs', '--concurrency', '4x'],
    'no source': ['migrate', '--table', 'docs'],
    'an unknown kind of source': ['migrate', '--from', 'redis:x', '--table', 'docs'],
    'a folder that is no LevelDB': ['migrate', '--from', 'leveldb:/does/not/exist', '--table', 'docs'],
    'a region for a LevelDB': ['migrate', '--from', 'leveldb:x', '--from-region', 'y', '--table', 'docs'],
    'the same table as source': ['migrate', '--from', 'dynamodb:docs', '--table', 'docs'],
    'a repair with --apply and --dry-run': ['repair', 'doc', '--apply', '--dry-run', '--table', 'docs'],
    'a repair with --apply and --extract': ['repair', 'doc', '--apply', '--extract', 'x', '--table', 'docs'],
    'missing files': ['import', '/does/not/exist', '--table', 'docs'],
    'an export to a file': ['export', 'doc', FILE, '--table', 'docs'],
    'an extraction to a folder below a file': ['repair', 'doc', '--extract', `${FILE}/x`, '--table', 'docs'],
    'two formats of a policy': ['policy', '--cdk', '--terraform'],
    'a name that begins with a dash': ['show', '-dash', '--table', 'docs'],
    'an invalid account': ['policy', '--account', 'abc'],
    'a policy that creates and only reads': ['policy', '--read-only', '--with-create']
  }

  for (const [what, args] of Object.entries(CALLS)) {
    test(what, async t => {
      const { code, stdout, failures } = await cliJson(t, args)
      assert.equal(code, 2)
      assert.equal(stdout, '')
      assert.deepEqual(
        failures.map(failure => failure.code),
        ['ERR_INVALID_ARGUMENT']
      )
    })
  }

  test('a name that begins with a dash goes after --, as the message says', async t => {
    const { stderr } = await cli(t, ['show', '-dash', '--table', 'docs'])
    assert.match(
      stderr,
      /^y-dynamodb: Unknown option '-d'; a name that begins with - goes after -- \(y-dynamodb show --help/
    )
    const nameless = await cli(t, ['ls', '-dash', '--table', 'docs'])
    assert.match(nameless.stderr, /^y-dynamodb: Unknown option '-d' \(y-dynamodb ls --help/)
    const table = await filledTable(t, { '-dash': keystrokes(1) })
    const shown = await cli(t, ['show', ...tableArgs(table), '--json', '--', '-dash'])
    assert.equal(JSON.parse(shown.stdout).name, '-dash')
  })

  test('an unknown command is named, with how to list the commands', async t => {
    for (const args of [['lsx'], ['help', 'lsx'], ['lsx', '--help']]) {
      const { stderr } = await cli(t, args)
      assert.match(stderr, /^y-dynamodb: there is no command "lsx" \(y-dynamodb --help lists the commands\)/)
    }
  })

  test('and prints one line without --json', async t => {
    const { code, stdout, stderr } = await cli(t, ['ls', 'doc', '--table', 'docs'])
    assert.deepEqual([code, stdout], [2, ''])
    assert.match(stderr, /^y-dynamodb: .+ \(ERR_INVALID_ARGUMENT\)\n$/)
  })
})

test('no command but create-table creates a missing table', async t => {
  const table = new TestTable({ endpoint: (await filledTable(t, {})).endpoint })
  const files = folder(t)
  fs.writeFileSync(path.join(files, 'a.yjs'), keystrokes(1)[0])
  const calls = [
    ['ls'],
    ['show', 'a'],
    ['stats'],
    ['export', '--all', files],
    ['import', files],
    ['compact', 'a'],
    ['verify', '--all'],
    ['repair', '--all', '--apply'],
    ['migrate', '--from', 'dynamodb:missing-too']
  ]
  for (const args of calls) {
    const { code, failures } = await cliJson(t, [...args, ...tableArgs(table)])
    assert.deepEqual([code, ...failures.map(failure => failure.code)], [1, 'ERR_TABLE'], args[0])
    assert.match(failures[0].message, /create-table/)
  }
  await assert.rejects(table.request('DescribeTable', {}), { code: 'ResourceNotFoundException' })
})

test('no command but create-table creates a missing file', onceOnly, async t => {
  const files = folder(t)
  fs.writeFileSync(path.join(files, 'a.yjs'), keystrokes(1)[0])
  const there = await filledTable(t, {})
  const place = folder(t)
  const file = path.join(place, 'nope.db')
  const out = path.join(place, 'out')
  const calls = [
    ['ls'],
    ['show', 'a'],
    ['stats'],
    ['export', '--all', out],
    ['import', files],
    ['compact', 'a'],
    ['verify', '--all'],
    ['repair', '--all', '--apply'],
    ['repair', 'a', '--extract', out],
    ['migrate', '--from', 'dynamodb:docs', '--from-endpoint', there.endpoint]
  ]
  const wrong = calls.flatMap(args =>
    ['file:', 'file://'].map(scheme => [...args, '--table', 'docs', '--endpoint', scheme + file])
  )
  wrong.push(['migrate', '--from', 'dynamodb:docs', '--from-endpoint', `file:${file}`, ...tableArgs(there)])
  await Promise.all(
    wrong.map(async args => {
      const { code, failures } = await cliJson(t, args)
      assert.deepEqual([code, ...failures.map(failure => failure.code)], [2, 'ERR_INVALID_ARGUMENT'], args[0])
    })
  )
  assert.deepEqual(fs.readdirSync(place), [])
})

test('the table may come from the environment', async t => {
  const table = await filledTable(t, { doc: keystrokes(1) })
  const { code, results } = await cliJson(t, ['ls', '--endpoint', table.endpoint], {
    env: { Y_DYNAMODB_TABLE: table.tableName }
  })
  assert.deepEqual([code, results.map(({ name }) => name)], [0, ['doc']])
})

describe('a package that is not installed is named, with how to install it', onceOnly, () => {
  test('yjs', async t => {
    for (const command of ['show', 'verify', 'repair']) {
      const { code, failures } = await cliJson(t, [command, 'doc', '--table', 'docs'], { without: 'yjs' })
      assert.deepEqual([code, failures[0].code], [2, 'ERR_INVALID_ARGUMENT'])
      assert.match(failures[0].message, /npm install yjs/)
    }
  })

  test('y-leveldb', async t => {
    const store = folder(t)
    fs.writeFileSync(path.join(store, 'CURRENT'), '')
    const { code, failures } = await cliJson(
      t,
      ['migrate', '--from', `leveldb:${store}`, '--table', 'docs'],
      { without: 'y-leveldb' }
    )
    assert.deepEqual([code, failures[0].code], [2, 'ERR_INVALID_ARGUMENT'])
    assert.match(failures[0].message, /npm install y-leveldb/)
  })
})

describe('output', onceOnly, () => {
  test('has progress and colour only on a terminal, and no colour with NO_COLOR', async t => {
    const table = await filledTable(t, { doc: keystrokes(1) })
    await table.put({ doc: 'doc', key: sortKey(['v1', 'doc', 'update', 9]), value: Buffer.of(1) })
    const args = ['verify', '--all', ...tableArgs(table)]
    const plain = await cli(t, args)
    assert.deepEqual([plain.code, plain.stderr], [1, ''])
    assert.doesNotMatch(plain.stdout, /\x1b/)
    const onTerminal = await cli(t, args, { terminal: true })
    assert.match(onTerminal.stderr, /\x1b\[K.*documents/)
    assert.match(onTerminal.stdout, /\x1b\[1;31m/)
    const colourless = await cli(t, args, { terminal: true, env: { NO_COLOR: '1' } })
    assert.doesNotMatch(colourless.stdout, /\x1b/)
    assert.equal(colourless.stdout, plain.stdout)
  })

  test('has a progress bar if the number of documents is known', async t => {
    const table = await filledTable(t, {})
    const files = folder(t)
    for (const name of ['a', 'b']) fs.writeFileSync(path.join(files, `${name}.yjs`), keystrokes(1)[0])
    const { code, stdout, stderr } = await cli(t, ['import', files, ...tableArgs(table)], { terminal: true })
    assert.equal(code, 0)
    assert.match(stderr, /\[ +\] 0 of 2 documents/)
    assert(stderr.endsWith('\r\x1b[K'), 'the bar is erased at the end')
    assert.match(stdout, /^a: stored /m)
  })

  test('quotes a name with control characters', async t => {
    const table = await filledTable(t, { 'evil\x1b[2J\n': keystrokes(1) })
    const { stdout } = await cli(t, ['ls', ...tableArgs(table)])
    assert.doesNotMatch(stdout, /\x1b/)
    assert.match(stdout, /"evil\\u001b\[2J\\n"/)
    const { results } = await cliJson(t, ['ls', ...tableArgs(table)])
    assert.equal(results[0].name, 'evil\x1b[2J\n')
  })

  test('ends without an error if the reader of ls closes it', async t => {
    const documents = Object.fromEntries(
      Array.from({ length: 1_500 }, (_, i) => [`document-${'x'.repeat(200)}-${i}`, keystrokes(1)])
    )
    const table = await filledTable(t, documents)
    const run = start(t, ['ls', ...tableArgs(table)])
    run.child.stdout.once('data', () => run.child.stdout.destroy())
    const { code, stderr } = await run.ended
    assert.deepEqual([code, stderr], [0, ''])
  })
})
