/** `config.aws` in the shapes of the AWS SDKs. */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import { describe, test } from 'node:test'
import { keystrokes } from '../support/documents.mjs'
import { DynamoDbPersistence, onceOnly } from '../support/dynamodb.mjs'
import { rejectsWith } from '../support/errors.mjs'
import { ProxiedTable, hang } from '../support/proxy.mjs'
import { refuses } from '../support/refused.mjs'

const [update] = keystrokes(1)
const MEMORY = { endpoint: 'memory:' }

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

describe('a client is not options', onceOnly, () => {
  class S3Client {
    config = { region: async () => 'eu-central-1', useFipsEndpoint: async () => false, tls: true }
    send() {}
  }
  /** A client of SDK v2. */
  class DynamoDB {
    makeRequest() {}
  }

  test('an instance is refused by its name', () => {
    refuses({ tableName: 'docs', aws: new S3Client() }, 'config.aws is a client (S3Client)', 'region')
    refuses({ tableName: 'docs', aws: new DynamoDB() }, 'config.aws is a client (DynamoDB)')
  })

  test('its config is refused by an option that is a function', () => {
    const { config } = new S3Client()
    refuses(
      { tableName: 'docs', aws: { signerOf: 1, ...config } },
      'config.aws.region',
      'a function',
      'client'
    )
  })

  for (const key of ['region', 'endpoint', 'maxAttempts', 'useFipsEndpoint', 'useDualstackEndpoint'])
    test(`${key} as a function`, () => {
      refuses(
        { tableName: 'docs', aws: { [key]: async () => {} } },
        `config.aws.${key}`,
        'a function',
        'client'
      )
    })
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
      names(/IGNORED_AWS_KEYS = new Set\(\[(.*?)\]\)/s.exec(source('lib/aws-options.js'))[1])
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
