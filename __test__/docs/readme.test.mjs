import assert from 'node:assert/strict'
import fs from 'node:fs'
import { test } from 'node:test'
import { readPage } from '../../scripts/pages.mjs'

const ROOT = new URL('../../', import.meta.url)
const read = name => fs.readFileSync(new URL(name, ROOT), 'utf8')
const readme = read('README.md')
const typings = read('index.d.ts')

const section = title => {
  const [, body] = readme.split(`\n## ${title}\n`)
  assert.ok(body, `README.md has no section ${title}`)
  return body.split('\n## ')[0]
}

/** Code names in the first column of a section's tables. */
const firstColumn = title =>
  [...section(title).matchAll(/^\| (`[^|]*) \|/gm)]
    .flatMap(([, cell]) => [...cell.matchAll(/`([^`]+)`/g)].map(found => found[1]))
    .sort()

const keysOf = name => {
  const body = new RegExp(`\\n  interface ${name}[^{]*\\{\\n(.*?)\\n  \\}\\n`, 's').exec(typings)?.[1]
  assert.ok(body, `index.d.ts has no interface ${name}`)
  return [...body.matchAll(/^ {4}(\w+)\??:/gm)].map(found => found[1])
}

test('the README lists every option, and no other', () => {
  const shapesOfTheSdks = ['httpOptions', 'requestHandler', 'useFipsEndpoint', 'useDualstackEndpoint']
  const own = keysOf('Config').filter(key => key !== 'aws')
  const aws = keysOf('AwsConfig')
    .filter(key => !shapesOfTheSdks.includes(key))
    .map(key => `aws.${key}`)
  assert.deepEqual(firstColumn('Options'), [...own, ...aws].sort())
})

/** The constants of src/defaults.rs as an application writes them: durations in ms. */
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

test('the README and the typings say the defaults that the code has', () => {
  const constants = {
    'batchDelayMs': 'BATCH_DELAY',
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
    const row = section('Options')
      .split('\n')
      .find(line => line.startsWith(`| \`${option}\``))
    assert.equal(row.split('|')[2].trim(), `\`${value}\``, option)
    const key = option.split('.').at(-1)
    const comment = new RegExp(`/\\*\\*((?:(?!\\*/).)*)\\*/\\s+${key}\\?:`, 's').exec(typings)?.[1]
    const said = /default[^\d`tf]*`?([\d,_]+|true|false)/i.exec(comment ?? '')?.[1]
    assert.equal(said?.replace(/[,_]/g, ''), String(value), `index.d.ts: ${option}`)
  }
})

test('the README lists every error code, and no other', () => {
  const codes = /type ErrorCode =(.*?)\n\n/s.exec(typings)[1]
  assert.deepEqual(firstColumn('Errors'), [...codes.matchAll(/'(ERR_\w+)'/g)].map(found => found[1]).sort())
})

const calls = () => {
  const body = /\ninterface DynamoDbPersistence \{\n(.*?)\n\}\n/s.exec(typings)[1]
  const names = new Set([...body.matchAll(/^ {2}(\w+)(?:<\w+>)? ?\(/gm)].map(found => found[1]))
  assert.ok(names.size > 15, [...names].join())
  return [...names]
}

test('the README says of every call what it does', () => {
  const headings = section('API')
    .split('\n')
    .filter(line => line.startsWith('### '))
    .join()
  assert.deepEqual(
    calls().filter(name => !headings.includes(`${name}(`)),
    []
  )
})

test('the README has an example of every call', () => {
  const examples = readPage('README.md')
    .blocks.filter(({ language }) => language === 'js')
    .map(({ text }) => text)
    .join()
  // destroy is another name of close.
  assert.deepEqual(
    calls().filter(name => name !== 'destroy' && !examples.includes(`.${name}(`)),
    []
  )
})
