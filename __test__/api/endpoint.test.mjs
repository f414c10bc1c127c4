/** The forms of `aws.endpoint` and `aws.region`: which data they share, and what is refused. */
import assert from 'node:assert/strict'
import { devNull } from 'node:os'
import { describe, test } from 'node:test'
import { keystrokes, textOf } from '../support/documents.mjs'
import { DynamoDbPersistence, freshName, onceOnly } from '../support/dynamodb.mjs'
import { rejectsWith } from '../support/errors.mjs'
import { ProxiedTable } from '../support/proxy.mjs'
import { refuses } from '../support/refused.mjs'

const [update] = keystrokes(1)

describe('the endpoint', onceOnly, () => {
  test('memory: is private to the instance', async t => {
    const [one, other] = [0, 1].map(() =>
      DynamoDbPersistence({ tableName: 'docs', aws: { endpoint: 'memory:' } })
    )
    t.after(() => Promise.all([one.close(), other.close()]))
    await one.storeUpdate('doc', update)
    assert.equal(textOf(await one.getYDoc('doc')), 'a')
    assert.equal(textOf(await other.getYDoc('doc')), '')
  })

  test('memory:NAME is shared by that name, and its tables are apart', async t => {
    const endpoint = `memory:${freshName()}`
    const open = (tableName, address = endpoint) => {
      const persistence = DynamoDbPersistence({ tableName, aws: { endpoint: address } })
      t.after(() => persistence.close())
      return persistence
    }
    await open('docs').storeUpdate('doc', update)
    assert.equal(textOf(await open('docs').getYDoc('doc')), 'a')
    assert.equal(textOf(await open('other').getYDoc('doc')), '')
    assert.equal(textOf(await open('docs', `${endpoint}2`).getYDoc('doc')), '')
  })

  test('a file that cannot be made says so', async t => {
    const persistence = DynamoDbPersistence({
      tableName: 'docs',
      aws: { endpoint: 'file:/nowhere at all/docs.db' }
    })
    t.after(() => persistence.close())
    const error = await rejectsWith('ERR_INVALID_ARGUMENT', persistence.getYDoc('doc'), 'doc')
    assert.match(error.message, /nowhere at all/)
  })

  test('may be a URL, or an endpoint object of SDK v2', async t => {
    for (const form of [address => new URL(address), address => ({ href: address, hostname: 'x' })]) {
      const table = await ProxiedTable.before(t)
      const address = table.endpoint
      table.endpoint = form(address)
      assert.equal(await table.open(t).storeUpdate('doc', update), 0)
    }
  })
})

describe('a region that cannot be is refused at once', onceOnly, () => {
  const wrong = ['eu central-1', 'eu-central-1\n', 'eu_central_1', '', 7, null, ['eu-central-1']]
  for (const region of wrong)
    test(JSON.stringify(region), () =>
      refuses({ tableName: 'docs', aws: { region } }, 'region', 'eu-central-1')
    )
})

test('a missing region says so', onceOnly, async t => {
  const names = [
    'AWS_REGION',
    'AWS_DEFAULT_REGION',
    'AWS_PROFILE',
    'AWS_CONFIG_FILE',
    'AWS_SHARED_CREDENTIALS_FILE'
  ]
  const before = names.map(name => process.env[name])
  for (const name of names) delete process.env[name]
  process.env.AWS_CONFIG_FILE = process.env.AWS_SHARED_CREDENTIALS_FILE = devNull
  t.after(() => {
    for (const [i, name] of names.entries()) {
      if (before[i] === undefined) delete process.env[name]
      else process.env[name] = before[i]
    }
  })
  const persistence = DynamoDbPersistence({
    tableName: 'docs',
    aws: { accessKeyId: 'a', secretAccessKey: 'b' }
  })
  t.after(() => persistence.close())
  const error = await rejectsWith('ERR_INVALID_ARGUMENT', persistence.getYDoc('doc'), 'doc')
  assert.match(error.message, /region/)
})
