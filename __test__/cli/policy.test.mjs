/** `policy` allows exactly the operations that a persistence uses; compared with recorded requests and with docs/TABLE.md. */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { describe, test } from 'node:test'
import { TestTable, onceOnly } from '../support/dynamodb.mjs'
import { keystrokes } from '../support/documents.mjs'
import { recorder } from '../support/proxy.mjs'
import { ROOT, cli, cliJson } from './support/cli.mjs'

const PAGE = fs.readFileSync(path.join(ROOT, 'docs', 'TABLE.md'), 'utf8')

/** The code blocks of the page in a language. */
const blocks = language =>
  [...PAGE.matchAll(new RegExp(`\`\`\`${language}\n([^]*?)\`\`\``, 'g'))].map(([, code]) => code)

async function actionsOf(t, ...options) {
  const {
    code,
    results: [{ actions, text }]
  } = await cliJson(t, ['policy', ...options])
  assert.equal(code, 0)
  return { actions: actions.map(action => action.replace('dynamodb:', '')), text }
}

describe('policy', onceOnly, () => {
  test('prints what docs/TABLE.md shows', async t => {
    const { stdout } = await cli(t, ['policy'])
    const shown = blocks('json')
      .map(code => JSON.parse(code))
      .find(({ Statement }) => Statement !== undefined)
    assert.deepEqual(JSON.parse(stdout), shown)
    const { actions } = await actionsOf(t)
    const grant = blocks('js').find(code => code.includes('table.grant('))
    assert.deepEqual(
      [...grant.matchAll(/'dynamodb:(\w+)'/g)].map(([, action]) => action),
      actions
    )
  })

  test('has the permissions that the options name', async t => {
    const read = ['DescribeTable', 'Query', 'GetItem']
    const write = ['PutItem', 'UpdateItem', 'DeleteItem', 'BatchWriteItem']
    assert.deepEqual((await actionsOf(t)).actions, [...read, ...write])
    assert.deepEqual((await actionsOf(t, '--read-only')).actions, read)
    assert.deepEqual((await actionsOf(t, '--read-only', '--with-scan')).actions, [...read, 'Scan'])
    assert.deepEqual((await actionsOf(t, '--with-scan', '--with-create')).actions, [
      ...read,
      ...write,
      'Scan',
      'CreateTable'
    ])
  })

  test('names the table, by name, region and account, or by its ARN', async t => {
    const resource = async (...options) =>
      JSON.parse((await cli(t, ['policy', ...options])).stdout).Statement[0].Resource
    assert.equal(
      await resource('--table', 'mine', '--region', 'eu-west-1', '--account', '123456789012'),
      'arn:aws:dynamodb:eu-west-1:123456789012:table/mine'
    )
    const arn = 'arn:aws-cn:dynamodb:cn-north-1:123456789012:table/mine'
    assert.equal(await resource('--table', arn), arn)
  })

  for (const format of ['cdk', 'cloudformation', 'terraform']) {
    test(`as ${format} has the keys of the table and the same actions`, async t => {
      const { actions } = await actionsOf(t, '--with-scan')
      const { stdout } = await cli(t, ['policy', `--${format}`, '--with-scan', '--table', 'mine'])
      for (const text of ['ydocname', 'ykeysort', 'PAY_PER_REQUEST', '"mine"'])
        assert(stdout.includes(text), text)
      assert.deepEqual(
        [...stdout.matchAll(/dynamodb:([A-Z]\w+)/g)].map(([, action]) => action),
        actions
      )
    })
  }

  test('allows every operation that a persistence uses, and no other', async t => {
    const behind = new TestTable()
    const proxied = await recorder(t, behind)
    const persistence = proxied.open(t, { compactionItems: 5 })
    const sent = async work => {
      const from = proxied.requests.length
      await work()
      return new Set(proxied.requests.slice(from).map(({ operation }) => operation))
    }
    const created = await sent(() => persistence.getStateVector('doc'))
    assert(created.has('CreateTable'))
    const used = await sent(async () => {
      // Outside the queue each update gets an item of its own.
      for (const update of keystrokes(5)) await persistence.storeUpdate('doc', update, true)
      await persistence.getYDoc('doc')
      await persistence.flushDocument('doc')
      await persistence.setMeta('doc', 'k', 1)
      await persistence.getMeta('doc', 'k')
      await persistence.delMeta('doc', 'k')
      await persistence.clearDocument('doc')
    })
    const { actions } = await actionsOf(t)
    assert.deepEqual([...used, 'DescribeTable'].sort(), [...actions].sort())
    assert.deepEqual([...(await sent(() => persistence.getAllDocNames()))], ['Scan'])
  })
})
