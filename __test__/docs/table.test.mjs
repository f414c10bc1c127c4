/** Creates and uses the tables of docs/TABLE.md, and compares its policy with the actual requests of the calls. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import yaml from 'yaml'
import { bigUpdate, keystrokes, textOf } from '../support/documents.mjs'
import { TestTable } from '../support/dynamodb.mjs'
import { sortKey } from '../support/format.mjs'
import { ProxiedTable, deny, recorder } from '../support/proxy.mjs'
import { readPage } from '../../scripts/markdown.mjs'

const { blocks, text: page } = readPage('docs/TABLE.md')
const marked = (kind, subject) =>
  blocks.find(({ mark }) => mark?.kind === kind && mark.subject === subject).text

const [update] = keystrokes(1)
const PREFIX = 'dynamodb:'

/** The table and grants that the page's CDK code requests from a stand-in for aws-cdk-lib. */
const cdk = () => {
  const asked = { actions: [] }
  class Table {
    constructor(scope, id, props) {
      asked.props = props
    }
    grant(grantee, ...actions) {
      asked.actions.push(...actions)
    }
  }
  const dynamodb = {
    Table,
    AttributeType: { STRING: 'S', BINARY: 'B' },
    BillingMode: { PAY_PER_REQUEST: 'PAY_PER_REQUEST' }
  }
  new Function('dynamodb', 'RemovalPolicy', 'server', marked('stack', 'CDK'))(
    dynamodb,
    { RETAIN: 'Retain' },
    {}
  )
  return asked
}

/** The three descriptions of the table, as requests of CreateTable. */
const TABLES = {
  CDK() {
    const { tableName, partitionKey, sortKey, billingMode, pointInTimeRecoverySpecification, removalPolicy } =
      cdk().props
    const keys = [partitionKey, sortKey]
    return {
      TableName: tableName,
      BillingMode: billingMode,
      AttributeDefinitions: keys.map(({ name, type }) => ({ AttributeName: name, AttributeType: type })),
      KeySchema: keys.map(({ name }, i) => ({ AttributeName: name, KeyType: i === 0 ? 'HASH' : 'RANGE' })),
      recovers: pointInTimeRecoverySpecification.pointInTimeRecoveryEnabled,
      stays: removalPolicy === 'Retain'
    }
  },
  CloudFormation() {
    const {
      Docs: { Type, DeletionPolicy, UpdateReplacePolicy, Properties }
    } = yaml.parse(marked('stack', 'CloudFormation'))
    assert.equal(Type, 'AWS::DynamoDB::Table')
    const { PointInTimeRecoverySpecification, ...table } = Properties
    return {
      ...table,
      recovers: PointInTimeRecoverySpecification.PointInTimeRecoveryEnabled,
      stays: DeletionPolicy === 'Retain' && UpdateReplacePolicy === 'Retain'
    }
  },
  Terraform() {
    const text = marked('stack', 'Terraform')
    const value = name => new RegExp(`^  ${name} += "(.*)"$`, 'm').exec(text)[1]
    const attributes = [...text.matchAll(/attribute \{\s+name = "(\w+)"\s+type = "(\w)"\s+\}/g)]
    return {
      TableName: value('name'),
      BillingMode: value('billing_mode'),
      AttributeDefinitions: attributes.map(([, AttributeName, AttributeType]) => ({
        AttributeName,
        AttributeType
      })),
      KeySchema: [
        { AttributeName: value('hash_key'), KeyType: 'HASH' },
        { AttributeName: value('range_key'), KeyType: 'RANGE' }
      ],
      recovers: /point_in_time_recovery \{\s+enabled = true\s+\}/.test(text),
      stays: /prevent_destroy = true/.test(text)
    }
  }
}

describe('a table of the page is accepted, has point-in-time recovery and is kept', () => {
  for (const [stack, describeTable] of Object.entries(TABLES)) {
    test(stack, async t => {
      const { recovers, stays, TableName, ...request } = describeTable()
      assert.deepEqual({ TableName, recovers, stays }, { TableName: 'docs', recovers: true, stays: true })
      const proxied = await recorder(t, new TestTable({ tableName: TableName }))
      await proxied.request('CreateTable', { TableName, ...request })
      const persistence = proxied.open(t)
      await persistence.storeUpdate('doc', update)
      assert.equal(textOf(await persistence.getYDoc('doc')), 'a')
      assert.equal(proxied.count('CreateTable'), 0)
    })
  }
})

const policy = () => JSON.parse(marked('policy')).Statement.flatMap(({ Action }) => Action)

/** Everything a server does with documents. */
const serve = async persistence => {
  await persistence.storeUpdate('doc', update)
  await persistence.storeUpdate('doc', bigUpdate(500_000))
  await persistence.getYDoc('doc')
  await persistence.flushDocument('doc')
  await persistence.setMeta('doc', 'key', 1)
  await persistence.getMeta('doc', 'key')
  await persistence.getMetas('doc')
  await persistence.delMeta('doc', 'key')
  await persistence.clearDocument('doc')
}

const list = async persistence => {
  await persistence.getAllDocNames()
  await persistence.getAllDocStateVectors()
  await persistence.clearAll()
}

/** The actions that `work` needs on an existing table. */
const asked = async (t, work, { created = true, more } = {}) => {
  const table = await recorder(t)
  if (created) await table.create()
  await work(table.open(t, more), table)
  return new Set(table.requests.map(({ operation }) => PREFIX + operation))
}

test('the policy allows the actions of a server, and no others', async t => {
  assert.deepEqual(policy().sort(), [...(await asked(t, serve))].sort())
})

test('the CDK code grants what the policy allows', () => {
  assert.deepEqual(cdk().actions.sort(), policy().sort())
})

test('the actions outside the policy are needed for the calls that the page names', async t => {
  const inPolicy = new Set(policy())
  const beyond = async (...args) => [...(await asked(t, ...args))].filter(action => !inPolicy.has(action))
  assert.deepEqual(await beyond(list), ['dynamodb:Scan'])
  assert.deepEqual(await beyond(serve, { created: false }), ['dynamodb:CreateTable'])
  assert.ok(!(await asked(t, serve, { more: { skipCreateTable: true } })).has('dynamodb:DescribeTable'))
})

test('a process that only reads needs only Query', async t => {
  const table = await ProxiedTable.before(t)
  const writer = table.open(t)
  for (const each of keystrokes(200)) await writer.storeUpdate('doc', each)
  table.rule(({ operation }) => (operation === 'Query' ? undefined : deny))
  const persistence = table.open(t, { skipCreateTable: true, compactionItems: 0 })
  assert.equal(textOf(await persistence.getYDoc('doc')).length, 200)
  await persistence.getDiff('doc')
  await persistence.getStateVector('doc')
})

/** The rows of the page's table: an action and the calls that need it. */
const rows = [...page.matchAll(/^\| `(dynamodb:\w+)` \| (.*) \|$/gm)].map(([, action, needed]) => ({
  action,
  needed
}))

test('the page describes every action', () => {
  assert.deepEqual(
    rows.map(({ action }) => action).sort(),
    [...policy(), 'dynamodb:Scan', 'dynamodb:CreateTable'].sort()
  )
})

describe('an action is needed for the calls that its row names', () => {
  const CALLS = {
    'getMeta': persistence => persistence.getMeta('doc', 'key'),
    'getMetas': persistence => persistence.getMetas('doc'),
    'setMeta': persistence => persistence.setMeta('doc', 'key', 1),
    'delMeta': persistence => persistence.delMeta('doc', 'key'),
    'getAllDocNames': persistence => persistence.getAllDocNames(),
    'getAllDocStateVectors': persistence => persistence.getAllDocStateVectors(),
    'docNames': persistence => persistence.docNames().next(),
    'docStateVectors': persistence => persistence.docStateVectors().next(),
    'clearAll': persistence => persistence.clearAll(),
    'storing': persistence => persistence.storeUpdate('doc', update),
    'clearing': async persistence => {
      await persistence.storeUpdate('doc', update, true)
      await persistence.clearDocument('doc')
    },
    'merging': async persistence => {
      // Outside the queue each update gets an item of its own.
      for (const each of keystrokes(3)) await persistence.storeUpdate('doc', each, true)
      await persistence.flushDocument('doc')
    },
    'merging what the original package wrote': async (persistence, table) => {
      for (const [i, value] of keystrokes(3).entries())
        await table.put({ doc: 'doc', key: sortKey(['v1', 'doc', 'update', i]), value })
      await persistence.flushDocument('doc')
    },
    'storing an update that does not fit one item': persistence =>
      persistence.storeUpdate('doc', bigUpdate(500_000)),
    'removing large writes that were given up': async (persistence, table) => {
      let puts = 0
      table.rule(({ operation }) => (operation === 'PutItem' && ++puts === 3 ? deny : undefined))
      await assert.rejects(persistence.storeUpdate('doc', bigUpdate(500_000)), { code: 'ERR_ACCESS' })
    },
    'reading a document': persistence => persistence.getYDoc('doc'),
    'the first store to it': persistence => persistence.storeUpdate('doc', update)
  }
  for (const { action, needed } of rows.filter(({ action }) => !/DescribeTable|CreateTable/.test(action))) {
    const names = needed
      .split(';')
      .filter(part => !part.includes('not in the policy'))
      .join(',')
      .split(':')[0]
      .replaceAll(' and ', ',')
      .split(',')
      .map(name => name.trim().replaceAll('`', ''))
    test(`${action}: ${names.join(', ')}`, async t => {
      for (const name of names) {
        assert.ok(CALLS[name], `the test does not know how to do "${name}"`)
        assert.ok((await asked(t, CALLS[name])).has(action), name)
      }
    })
  }
})
