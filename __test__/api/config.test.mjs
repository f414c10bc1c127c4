/** Each wrong option throws `ERR_INVALID_ARGUMENT` from the constructor, with a message that names the option. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { DynamoDbPersistence, TestTable, onceOnly } from '../support/dynamodb.mjs'
import { Y, keystrokes } from '../support/documents.mjs'
import { refuses } from '../support/refused.mjs'

const [update] = keystrokes(1)
const MEMORY = { endpoint: 'memory:' }

describe('a wrong configuration is refused at once, and the message names the option', onceOnly, () => {
  const wrong = {
    'no configuration': [undefined, 'config'],
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
    'an endpoint without a scheme': [
      { tableName: 'docs', aws: { endpoint: 'localhost:8000' } },
      'endpoint',
      'localhost:8000'
    ],
    'an endpoint of another scheme': [{ tableName: 'docs', aws: { endpoint: 'ftp://x' } }, 'endpoint'],
    'a file without a path': [{ tableName: 'docs', aws: { endpoint: 'file:' } }, 'file:'],
    'an access key without its secret': [{ tableName: 'docs', aws: { accessKeyId: 'a' } }, 'secretAccessKey'],
    'a secret without its access key': [{ tableName: 'docs', aws: { secretAccessKey: 'a' } }, 'accessKeyId'],
    'a token without a key': [{ tableName: 'docs', aws: { sessionToken: 'a' } }, 'sessionToken'],
    'keys in two places': [
      { tableName: 'docs', aws: { accessKeyId: 'a', secretAccessKey: 'b', credentials: () => {} } },
      'config.aws.credentials',
      'config.aws.accessKeyId'
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
    'FIPS without an endpoint': [
      { tableName: 'docs', aws: { useFipsEndpoint: true } },
      'useFipsEndpoint',
      'endpoint'
    ],
    'no attempt': [{ tableName: 'docs', aws: { maxAttempts: 0 } }, 'maxAttempts'],
    'a fractional number of retries': [{ tableName: 'docs', aws: { maxRetries: 0.5 } }, 'maxRetries'],
    'a timeout of 0': [{ tableName: 'docs', aws: { operationTimeoutMs: 0 } }, 'operationTimeoutMs'],
    'a timeout of -1': [{ tableName: 'docs', aws: { httpOptions: { timeout: -1 } } }, 'httpOptions.timeout'],
    'a delay that is a string': [{ tableName: 'docs', batchDelayMs: '10' }, 'batchDelayMs', "but '10'"],
    'a gc that is a number': [{ tableName: 'docs', gc: 1 }, 'gc'],
    'a Y that is an empty object': [{ tableName: 'docs', Y: {} }, 'config.Y', 'but Object'],
    'an onError that is a string': [{ tableName: 'docs', onError: 'log' }, 'onError'],
    'an unknown billing mode': [{ tableName: 'docs', billingMode: 'FREE' }, 'billingMode', 'PAY_PER_REQUEST'],
    'an unknown onCorruptUpdate': [
      { tableName: 'docs', onCorruptUpdate: 'ignore' },
      'onCorruptUpdate',
      'skip'
    ],
    'a negative threshold': [{ tableName: 'docs', compactionItems: -1 }, 'compactionItems'],
    'a negative rememberBytes': [{ tableName: 'docs', rememberBytes: -1 }, 'rememberBytes'],
    'a rememberBytes over 4 GiB': [
      { tableName: 'docs', rememberBytes: 2 ** 32 },
      'rememberBytes',
      '4294967295'
    ],
    'a fractional rememberBytes': [{ tableName: 'docs', rememberBytes: 0.5 }, 'rememberBytes'],
    'a rememberBytes that is a string': [
      { tableName: 'docs', rememberBytes: '64 MB' },
      'rememberBytes',
      "'64 MB'"
    ]
  }
  for (const [what, [config, ...words]] of Object.entries(wrong)) test(what, () => refuses(config, ...words))

  test('with and without new', () => {
    assert.throws(() => new DynamoDbPersistence({}), { code: 'ERR_INVALID_ARGUMENT' })
  })
})

describe('an option that is undefined counts as not given', onceOnly, () => {
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
