import assert from 'node:assert/strict'
import fs from 'node:fs'
import { devNull } from 'node:os'
import { describe, test } from 'node:test'
import { DynamoDbPersistence, TestTable, freshName, onceOnly } from '../support/engine.mjs'
import { rejectsWith } from '../support/errors.mjs'
import { Y, keystrokes, textOf } from '../support/documents.mjs'
import { ProxiedTable, hang } from '../support/proxy.mjs'

const { PersistenceError } = DynamoDbPersistence
const [update] = keystrokes(1)
const MEMORY = { endpoint: 'memory:' }

function refuses(config, ...words) {
  assert.throws(
    () => DynamoDbPersistence(config),
    error => {
      assert(error instanceof PersistenceError)
      assert.equal(error.code, 'ERR_INVALID_ARGUMENT')
      for (const word of words) assert(error.message.includes(word), error.message)
      return true
    }
  )
}

/** The warnings while `f` runs, and after it what it started. */
async function warningsOf(f) {
  const warnings = []
  const listener = warning => warnings.push(warning)
  process.on('warning', listener)
  await f()
  await new Promise(resolve => setImmediate(resolve))
  process.off('warning', listener)
  return warnings
}

describe('a configuration that is wrong is refused at once, by name', onceOnly, () => {
  const wrong = {
    'nothing at all': [undefined, 'config'],
    'null': [null, 'config'],
    'a string': ['docs', 'config'],
    'no table name': [{ aws: MEMORY }, 'tableName'],
    'an empty table name': [{ tableName: '', aws: MEMORY }, 'tableName'],
    'a short table name': [{ tableName: 'ab', aws: MEMORY }, 'table name'],
    'a table name with a blank': [{ tableName: 'my docs', aws: MEMORY }, 'table name'],
    'an unknown option': [{ tableName: 'docs', tabelName: 'docs' }, 'config.tabelName', 'tableName'],
    'an unknown option of aws': [{ tableName: 'docs', aws: { regoin: 'x' } }, 'config.aws.regoin', 'region'],
    'an unknown option of httpOptions': [
      { tableName: 'docs', aws: { httpOptions: { timeut: 1 } } },
      'config.aws.httpOptions.timeut'
    ],
    'an unknown option of requestHandler': [
      { tableName: 'docs', aws: { requestHandler: { timeout: 1 } } },
      'config.aws.requestHandler.timeout'
    ],
    'aws as a string': [{ tableName: 'docs', aws: 'us-west-2' }, 'config.aws'],
    'a region that is none': [{ tableName: 'docs', aws: { region: 7 } }, 'config.aws.region'],
    'an endpoint without a scheme': [
      { tableName: 'docs', aws: { endpoint: 'localhost:8000' } },
      'endpoint',
      'localhost:8000'
    ],
    'an endpoint of another scheme': [{ tableName: 'docs', aws: { endpoint: 'ftp://x' } }, 'endpoint'],
    'a file without a path': [{ tableName: 'docs', aws: { endpoint: 'file:' } }, 'file:'],
    'half a key': [{ tableName: 'docs', aws: { accessKeyId: 'a' } }, 'secretAccessKey'],
    'the other half': [{ tableName: 'docs', aws: { secretAccessKey: 'a' } }, 'accessKeyId'],
    'a token without a key': [{ tableName: 'docs', aws: { sessionToken: 'a' } }, 'sessionToken'],
    'keys twice': [
      { tableName: 'docs', aws: { accessKeyId: 'a', secretAccessKey: 'b', credentials: () => {} } },
      'exclude'
    ],
    'credentials without a secret': [
      { tableName: 'docs', aws: { credentials: { accessKeyId: 'a' } } },
      'config.aws.credentials.secretAccessKey'
    ],
    'a key with a line break': [
      { tableName: 'docs', aws: { accessKeyId: 'KEY\n', secretAccessKey: 's' } },
      'config.aws.accessKeyId'
    ],
    'a token with a blank': [
      {
        tableName: 'docs',
        aws: { credentials: { accessKeyId: 'KEY', secretAccessKey: 's', sessionToken: ' T' } }
      },
      'config.aws.credentials.sessionToken'
    ],
    'credentials as a string': [{ tableName: 'docs', aws: { credentials: 'a' } }, 'config.aws.credentials'],
    'FIPS without an address': [
      { tableName: 'docs', aws: { useFipsEndpoint: true } },
      'useFipsEndpoint',
      'endpoint'
    ],
    'no attempts': [{ tableName: 'docs', aws: { maxAttempts: 0 } }, 'maxAttempts'],
    'half an attempt': [{ tableName: 'docs', aws: { maxRetries: 0.5 } }, 'maxRetries'],
    'a timeout of 0': [{ tableName: 'docs', aws: { operationTimeoutMs: 0 } }, 'operationTimeoutMs'],
    'a timeout of -1': [{ tableName: 'docs', aws: { httpOptions: { timeout: -1 } } }, 'httpOptions.timeout'],
    'a delay that is none': [{ tableName: 'docs', batchDelayMs: '10' }, 'batchDelayMs'],
    'a gc that is none': [{ tableName: 'docs', gc: 1 }, 'gc'],
    'a Y that is none': [{ tableName: 'docs', Y: {} }, 'config.Y'],
    'an onError that is none': [{ tableName: 'docs', onError: 'log' }, 'onError'],
    'a billing mode that is none': [
      { tableName: 'docs', billingMode: 'FREE' },
      'billingMode',
      'PAY_PER_REQUEST'
    ],
    'an onCorruptUpdate that is none': [
      { tableName: 'docs', onCorruptUpdate: 'ignore' },
      'onCorruptUpdate',
      'skip'
    ],
    'a threshold that is none': [{ tableName: 'docs', compactionItems: -1 }, 'compactionItems']
  }
  for (const [what, [config, ...words]] of Object.entries(wrong)) test(what, () => refuses(config, ...words))

  test('with new as without', () => {
    assert.throws(() => new DynamoDbPersistence({}), { code: 'ERR_INVALID_ARGUMENT' })
  })
})

describe('an option that is undefined is not given', onceOnly, () => {
  test('at every level', async t => {
    const persistence = DynamoDbPersistence({
      tableName: 'docs',
      gc: undefined,
      onError: undefined,
      nonsense: undefined,
      aws: {
        endpoint: 'memory:',
        region: undefined,
        credentials: undefined,
        accessKeyId: undefined,
        httpOptions: undefined
      }
    })
    t.after(() => persistence.close())
    assert.equal(await persistence.storeUpdate('doc', update), 0)
  })
})

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

  test('as a function that fails once: no call is told', async t => {
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

describe('options of the SDKs', onceOnly, () => {
  test('without a meaning here are accepted with one warning', async t => {
    let persistence
    const warnings = await warningsOf(() => {
      persistence = DynamoDbPersistence({
        tableName: 'docs',
        aws: {
          endpoint: 'memory:',
          apiVersion: '2012-08-10',
          sslEnabled: false,
          logger: console,
          httpOptions: { agent: {}, timeout: 0 },
          requestHandler: { httpsAgent: {}, requestTimeout: 0 },
          retryMode: 'adaptive',
          useFipsEndpoint: false
        }
      })
    })
    t.after(() => persistence.close())
    assert.equal(warnings.length, 1)
    assert.equal(warnings[0].code, 'Y_DYNAMODB_IGNORED_OPTION')
    for (const key of [
      'apiVersion',
      'sslEnabled',
      'logger',
      'httpOptions.agent',
      'requestHandler.httpsAgent',
      'retryMode'
    ]) {
      assert(warnings[0].message.includes(`config.aws.${key}`), warnings[0].message)
    }
    assert.equal(await persistence.storeUpdate('doc', update), 0)
  })

  test('that are ignored are those that the typings name, each of them', async () => {
    const source = name => fs.readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8')
    const names = text => [...text.matchAll(/'(\w+)'/g)].map(([, name]) => name).sort()
    const typed = names(/type IgnoredAwsKey =(.*?)\n\n/s.exec(source('types/config.d.ts'))[1])
    assert.deepEqual(
      typed,
      names(/IGNORED_AWS_KEYS = new Set\(\[(.*?)\]\)/s.exec(source('lib/config.js'))[1])
    )
    const warnings = await warningsOf(() =>
      DynamoDbPersistence({
        tableName: 'docs',
        aws: { ...MEMORY, ...Object.fromEntries(typed.map(key => [key, 1])) }
      }).close()
    )
    for (const key of typed) assert(warnings[0].message.includes(`config.aws.${key}`), key)
  })

  test('an instance of an HTTP handler is ignored with a warning', async t => {
    class NodeHttpHandler {
      handle() {}
    }
    const warnings = await warningsOf(() => {
      const persistence = DynamoDbPersistence({
        tableName: 'docs',
        aws: { endpoint: 'memory:', requestHandler: new NodeHttpHandler() }
      })
      t.after(() => persistence.close())
    })
    assert.match(warnings[0].message, /config.aws.requestHandler/)
  })

  test('with a meaning bring no warning', async t => {
    const warnings = await warningsOf(() => {
      const persistence = DynamoDbPersistence({
        tableName: 'docs',
        aws: {
          endpoint: 'memory:',
          region: 'x',
          maxRetries: 3,
          httpOptions: { timeout: 5, connectTimeout: 5 },
          requestHandler: { requestTimeout: 5 }
        }
      })
      t.after(() => persistence.close())
    })
    assert.deepEqual(warnings, [])
  })

  const timeouts = {
    'httpOptions.timeout': { httpOptions: { timeout: 200 } },
    'requestHandler.requestTimeout': { requestHandler: { requestTimeout: 200 } },
    'requestHandler.socketTimeout': { requestHandler: { socketTimeout: 200 } },
    'requestTimeoutMs': { requestTimeoutMs: 200, httpOptions: { timeout: 60_000 } }
  }
  for (const [what, aws] of Object.entries(timeouts)) {
    test(`${what} limits one attempt, maxRetries and maxAttempts their number`, async t => {
      for (const [attempts, count] of [
        [{ maxRetries: 1 }, 2],
        [{ maxAttempts: 1, maxRetries: 9 }, 1]
      ]) {
        const table = await ProxiedTable.before(t)
        table.rule(() => hang)
        const persistence = table.open(t, { skipCreateTable: true, aws: { ...aws, ...attempts } })
        const started = Date.now()
        await rejectsWith('ERR_UNAVAILABLE', persistence.getYDoc('doc'), 'doc')
        assert(Date.now() - started < 3_000, `${Date.now() - started} ms`)
        assert.equal(table.requests.length, count)
      }
    })
  }
})

test('config.Y makes the documents', onceOnly, async t => {
  const made = []
  class Doc extends Y.Doc {
    constructor(options) {
      super(options)
      made.push(this)
    }
  }
  const persistence = new TestTable().open(t, { Y: { ...Y, Doc } })
  const doc = await persistence.getYDoc('doc')
  assert.equal(doc, made[0])
})

test('config.Y may be the yjs of the next version', onceOnly, async t => {
  const Y14 = await import('@y/y')
  const persistence = new TestTable().open(t, { Y: Y14 })
  await persistence.storeUpdate('doc', update)
  const doc = await persistence.getYDoc('doc', { gc: false })
  assert(doc instanceof Y14.Doc)
  assert.deepEqual([doc.gc, ...Y14.encodeStateVector(doc)], [false, 1, 1, 1])
})

test('the caller may change its configuration afterwards', onceOnly, async t => {
  const table = new TestTable()
  const config = table.config()
  const persistence = DynamoDbPersistence(config)
  t.after(() => persistence.close())
  config.tableName = 'another'
  config.aws.endpoint = 'http://127.0.0.1:9'
  assert.equal(await persistence.storeUpdate('doc', update), 0)
  const updates = await persistence.transact(db =>
    DynamoDbPersistence.getDynamoDbUpdates(db, table.tableName, 'doc')
  )
  assert.equal(updates.length, 1)
})
