/** The reference pages list every option, default, error code and call of the code, and no others. */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import { test } from 'node:test'
import { readPage } from '../../scripts/markdown.mjs'

const ROOT = new URL('../../', import.meta.url)
const read = name => fs.readFileSync(new URL(name, ROOT), 'utf8')
const options = read('docs/OPTIONS.md')
const typings = read('index.d.ts')
const optionTypings = read('types/config.d.ts')

/** The section of a page under a heading of level 2. */
const section = (page, title) => {
  const [, body] = read(page).split(`\n## ${title}\n`)
  assert.ok(body, `${page} has no section ${title}`)
  return body.split('\n## ')[0]
}

/** Code names in the first column of the tables in a text. */
const firstColumn = text =>
  [...text.matchAll(/^\| (`[^|]*) \|/gm)]
    .flatMap(([, cell]) => [...cell.matchAll(/`([^`]+)`/g)].map(found => found[1]))
    .sort()

const keysOf = name => {
  const body = new RegExp(`\\nexport interface ${name}[^{]*\\{\\n(.*?)\\n\\}\\n`, 's').exec(
    optionTypings
  )?.[1]
  assert.ok(body, `types/config.d.ts has no interface ${name}`)
  return [...body.matchAll(/^ {2}(\w+)\??:/gm)].map(found => found[1])
}

test('docs/OPTIONS.md lists every option, and no other', () => {
  const shapesOfTheSdks = ['httpOptions', 'requestHandler', 'useFipsEndpoint', 'useDualstackEndpoint']
  const own = keysOf('Config').filter(key => key !== 'aws')
  const aws = keysOf('AwsConfig')
    .filter(key => !shapesOfTheSdks.includes(key))
    .map(key => `aws.${key}`)
  assert.deepEqual(firstColumn(options), [...own, ...aws].sort())
})

/** The constants of src/defaults.rs in the units of the options: durations in ms. */
const defaults = () => {
  const source = read('src/defaults.rs')
  const value = text =>
    ({ 'true': true, 'false': false, 'Duration::ZERO': 0 })[text]
    ?? /^(?:Duration::from_millis\()?([\d_* ]+)\)?$/
      .exec(text)?.[1]
      .split('*')
      .reduce((product, factor) => product * Number(factor.replaceAll('_', '')), 1)
  return Object.fromEntries(
    [...source.matchAll(/^pub const (\w+): [\w]+ = (.+);$/gm)].map(([, name, text]) => [name, value(text)])
  )
}

test('docs/OPTIONS.md and the typings have the defaults of the code', () => {
  const constants = {
    'batchDelayMs': 'BATCH_DELAY',
    'rememberBytes': 'REMEMBER_BYTES',
    'gc': 'GC',
    'compactionItems': 'COMPACTION_ITEMS',
    'compactionBytes': 'COMPACTION_BYTES',
    'compactionWcuPerSecond': 'COMPACTION_WCU_PER_SECOND',
    'aws.maxAttempts': 'MAX_ATTEMPTS',
    'aws.connectTimeoutMs': 'CONNECT_TIMEOUT',
    'aws.requestTimeoutMs': 'REQUEST_TIMEOUT',
    'aws.operationTimeoutMs': 'OPERATION_TIMEOUT'
  }
  const inCode = defaults()
  for (const [option, constant] of Object.entries(constants)) {
    const value = inCode[constant]
    assert.notEqual(value, undefined, constant)
    const row = options.split('\n').find(line => line.startsWith(`| \`${option}\``))
    assert.equal(row.split('|')[2].trim(), `\`${value}\``, option)
    const key = option.split('.').at(-1)
    const comment = new RegExp(`/\\*\\*((?:(?!\\*/).)*)\\*/\\s+${key}\\?:`, 's').exec(optionTypings)?.[1]
    const said = /default[^\d`tf]*`?([\d,_]+|true|false)/i.exec(comment ?? '')?.[1]
    assert.equal(said?.replace(/[,_]/g, ''), String(value), `types/config.d.ts: ${option}`)
  }
})

test('docs/ERRORS.md lists every error code, and no other', () => {
  const codes = /type ErrorCode =(.*?)\n\n/s.exec(read('types/errors.d.ts'))[1]
  assert.deepEqual(
    firstColumn(section('docs/ERRORS.md', 'Codes')),
    [...codes.matchAll(/'(ERR_\w+)'/g)].map(found => found[1]).sort()
  )
})

const calls = () => {
  const body = /\ninterface DynamoDbPersistence \{\n(.*?)\n\}\n/s.exec(typings)[1]
  const names = new Set([...body.matchAll(/^ {2}(\w+)(?:<\w+>)? ?\(/gm)].map(found => found[1]))
  assert.ok(names.size > 15, [...names].join())
  return [...names]
}

test('docs/API.md describes every call', () => {
  const headings = read('docs/API.md')
    .split('\n')
    .filter(line => line.startsWith('### '))
    .join()
  assert.deepEqual(
    calls().filter(name => !headings.includes(`${name}(`)),
    []
  )
})

test('docs/API.md has an example of every call', () => {
  const examples = readPage('docs/API.md')
    .blocks.filter(({ language }) => language === 'js')
    .map(({ text }) => text)
    .join()
  // destroy does the same as close.
  assert.deepEqual(
    calls().filter(name => name !== 'destroy' && !examples.includes(`.${name}(`)),
    []
  )
})
