/** Every shape of credentials, from keys to functions: which are accepted, and how often a function is called. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { keystrokes } from '../support/documents.mjs'
import { DynamoDbPersistence, onceOnly } from '../support/dynamodb.mjs'
import { rejectsWith } from '../support/errors.mjs'
import { ProxiedTable } from '../support/proxy.mjs'
import { refuses } from '../support/refused.mjs'

const [update] = keystrokes(1)

describe('credentials of a wrong shape are refused at once', onceOnly, () => {
  const keys = { accessKeyId: 'KEY', secretAccessKey: 'S3CRET' }
  const wrong = {
    'an answer of STS': [
      { AccessKeyId: 'KEY', SecretAccessKey: 'S3CRET' },
      'has AccessKeyId, SecretAccessKey, and no accessKeyId, no secretAccessKey'
    ],
    'nothing': [{}, 'has no keys, and no accessKeyId, no secretAccessKey'],
    'half of it': [{ accessKeyId: 'KEY' }, 'has accessKeyId, and no secretAccessKey'],
    'a promise': [Promise.resolve(keys), 'is a promise', 'await it'],
    'a string': ['S3CRET', 'but string', '{ accessKeyId, secretAccessKey'],
    'a list': [[keys], 'but Array'],
    'a number as a key': [
      { ...keys, secretAccessKey: 7 },
      'config.aws.credentials.secretAccessKey',
      'but number'
    ],
    'an expiration that is none': [{ ...keys, expiration: 'soon' }, 'config.aws.credentials.expiration']
  }
  for (const [what, [credentials, ...words]] of Object.entries(wrong)) {
    test(what, () => {
      const error = refuses({ tableName: 'docs', aws: { credentials } }, 'config.aws.credentials', ...words)
      assert(!error.message.includes('S3CRET'), error.message)
    })
  }
})

test('a profile that is not there is named', onceOnly, async t => {
  const opened = DynamoDbPersistence({
    tableName: 'docs',
    aws: { region: 'local', endpoint: 'http://127.0.0.1:9', profile: 'nobody' }
  })
  t.after(() => opened.close())
  const error = await rejectsWith('ERR_ACCESS', opened.getYDoc('doc'), 'doc')
  assert.match(error.message, /the profile 'nobody' provided no credentials/)
})

describe('credentials', onceOnly, () => {
  const keysIn = table => [
    ...new Set(table.headers.map(({ authorization }) => /Credential=(\w+)\//.exec(authorization)?.[1]))
  ]
  const tokensIn = table => [...new Set(table.headers.map(headers => headers['x-amz-security-token']))]

  async function used(t, aws) {
    const table = await ProxiedTable.before(t)
    const persistence = DynamoDbPersistence({
      tableName: table.tableName,
      aws: { region: 'us-west-2', endpoint: table.endpoint, ...aws }
    })
    t.after(() => persistence.close())
    await persistence.storeUpdate('doc', update)
    return { table, persistence }
  }

  test('as keys, in the shape of SDK v2', async t => {
    const { table } = await used(t, { accessKeyId: 'KEY', secretAccessKey: 's', sessionToken: 'TOKEN' })
    assert.deepEqual([keysIn(table), tokensIn(table)], [['KEY'], ['TOKEN']])
  })

  test('as an object, in the shape of SDK v3', async t => {
    const { table } = await used(t, { credentials: { accessKeyId: 'KEY', secretAccessKey: 's' } })
    assert.deepEqual([keysIn(table), tokensIn(table)], [['KEY'], [undefined]])
    const temporary = await used(t, {
      credentials: { accessKeyId: 'KEY', secretAccessKey: 's', sessionToken: 'TOKEN' }
    })
    assert.deepEqual(tokensIn(temporary.table), ['TOKEN'])
  })

  test('as credentials of SDK v2 that fetch themselves', async t => {
    const credentials = {
      getPromise: async () => {
        Object.assign(credentials, { accessKeyId: 'FETCHED', secretAccessKey: 's', sessionToken: null })
      }
    }
    const { table } = await used(t, { credentials })
    assert.deepEqual(keysIn(table), ['FETCHED'])
  })

  test('as a function, sync or async', async t => {
    assert.deepEqual(
      keysIn((await used(t, { credentials: () => ({ accessKeyId: 'SYNC', secretAccessKey: 's' }) })).table),
      ['SYNC']
    )
    assert.deepEqual(
      keysIn(
        (await used(t, { credentials: async () => ({ accessKeyId: 'ASYNC', secretAccessKey: 's' }) })).table
      ),
      ['ASYNC']
    )
  })

  test('as a function: asked once while they last, and again when they expire', async t => {
    let asked = 0
    const lasting = await used(t, {
      credentials: async () => {
        asked++
        return { accessKeyId: 'KEY', secretAccessKey: 's', expiration: new Date(Date.now() + 3_600_000) }
      }
    })
    for (let i = 0; i < 5; i++) await lasting.persistence.getYDoc('doc')
    assert.equal(asked, 1)
    asked = 0
    const expiring = await used(t, {
      credentials: async () => {
        asked++
        return { accessKeyId: `KEY${asked}`, secretAccessKey: 's', expiration: new Date(Date.now() + 1_000) }
      }
    })
    await new Promise(resolve => setTimeout(resolve, 1_100))
    for (let i = 0; i < 3; i++) await expiring.persistence.getYDoc('doc')
    assert(asked > 1, `asked ${asked} times`)
  })

  const failures = {
    'that throws': () => {
      throw new Error('no keys today')
    },
    'that rejects': async () => {
      throw new Error('no keys today')
    },
    'that rejects with no error': async () => {
      throw 'no keys today'
    }
  }
  for (const [what, credentials] of Object.entries(failures)) {
    test(`as a function ${what}: it is called again, and the call that needed it rejects in the end`, async t => {
      let asked = 0
      const opened = DynamoDbPersistence({
        tableName: 'docs',
        aws: {
          region: 'x',
          endpoint: 'http://127.0.0.1:9',
          operationTimeoutMs: 500,
          credentials: () => {
            asked++
            return credentials()
          }
        }
      })
      t.after(() => opened.close())
      const error = await rejectsWith('ERR_UNAVAILABLE', opened.getYDoc('doc'), 'doc')
      assert(error.retryable && asked > 1, `asked ${asked} times`)
      assert.match(`${error.message} ${error.cause?.message}`, /no keys today/)
    })
  }

  test('as a function that fails once: no call rejects', async t => {
    let asked = 0
    const { table } = await used(t, {
      credentials: async () => {
        if (asked++ === 0) throw new Error('not yet')
        return { accessKeyId: 'KEY', secretAccessKey: 's' }
      }
    })
    assert.deepEqual([keysIn(table), asked], [['KEY'], 2])
  })

  test('as a function that gives no keys: the message says what is missing', async t => {
    const opened = DynamoDbPersistence({
      tableName: 'docs',
      aws: { region: 'x', endpoint: 'http://127.0.0.1:9', credentials: async () => ({ accessKeyId: 'a' }) }
    })
    t.after(() => opened.close())
    const error = await rejectsWith('ERR_ACCESS', opened.getYDoc('doc'), 'doc')
    assert.match(`${error.message} ${error.cause?.message}`, /secretAccessKey/)
  })

  test('from the environment where the configuration has none', async t => {
    const { table } = await used(t, {})
    assert.deepEqual(keysIn(table), [process.env.AWS_ACCESS_KEY_ID])
  })
})
