/**
 * The DynamoDB of the tests: the embedded DynamoDB or, with `Y_DYNAMODB_TEST_ENGINE=local` and `DYNAMODB_LOCAL_ENDPOINT`, DynamoDB
 * Local. Every test has a new table.
 */
import { createRequire } from 'node:module'
import { randomBytes } from 'node:crypto'

process.env.AWS_ACCESS_KEY_ID ??= 'test'
process.env.AWS_SECRET_ACCESS_KEY ??= 'test'
process.env.AWS_EC2_METADATA_DISABLED = 'true'

const { default: DynamoDbPersistence } = await import('../../index.mjs')
const require = createRequire(import.meta.url)
const native = require('../../lib/native.js')

/**
 * How long clears and metas wait for late attempts, instead of 15 s. Long enough for any request that the proxy has received and
 * its client has given up. The tests of the core have the 15 s, in virtual time (tests/log/late.rs).
 */
export const LATE_MS = 4_000
native.setLateWriteMs(LATE_MS)

export { DynamoDbPersistence, native }
export const REGION = 'us-west-2'
export const CREDENTIALS = { accessKeyId: 'test', secretAccessKey: 'test' }
export const isLocal = process.env.Y_DYNAMODB_TEST_ENGINE === 'local'

if (isLocal && process.env.DYNAMODB_LOCAL_ENDPOINT === undefined) {
  throw new Error(
    'Y_DYNAMODB_TEST_ENGINE=local needs DYNAMODB_LOCAL_ENDPOINT, the address of a running DynamoDB Local'
  )
}

/** The options of tests that do not depend on which DynamoDB runs. */
export const onceOnly = isLocal
  ? { skip: 'does not depend on which DynamoDB runs: tested on the embedded one' }
  : {}

export function freshName(prefix = 'test') {
  return `${prefix}-${randomBytes(6).toString('hex')}`
}

/** The address of the DynamoDB under test; for the embedded one that of a new database. */
export function dynamodbEndpoint() {
  return isLocal ? process.env.DYNAMODB_LOCAL_ENDPOINT : `memory:${freshName()}`
}

/** A new table, with access to its items without a persistence. */
export class TestTable {
  constructor({ endpoint = dynamodbEndpoint(), tableName = freshName('docs') } = {}) {
    this.endpoint = endpoint
    this.tableName = tableName
  }

  config({ aws, ...more } = {}) {
    return {
      tableName: this.tableName,
      aws: { region: REGION, endpoint: this.endpoint, ...CREDENTIALS, ...aws },
      ...more
    }
  }

  /** A persistence on the table, closed when the test ends. */
  open(t, more) {
    const persistence = DynamoDbPersistence(this.config(more))
    t.after(() => persistence.close())
    return persistence
  }

  /** One request of DynamoDB's own API. @throws with the name of DynamoDB's error as `code` */
  async request(operation, body) {
    const { status, body: answer } = await requestRaw(this.endpoint, operation, {
      TableName: this.tableName,
      ...body
    })
    const parsed = JSON.parse(answer)
    if (status !== 200) {
      const code = String(parsed.__type).split('#').at(-1)
      throw Object.assign(new Error(`${operation}: ${code}: ${parsed.message ?? parsed.Message}`), { code })
    }
    return parsed
  }

  /** Creates the table as the original package does. */
  async create(keys = { ydocname: 'S', ykeysort: 'B' }) {
    const names = Object.keys(keys)
    await this.request('CreateTable', {
      KeySchema: names.map((AttributeName, i) => ({ AttributeName, KeyType: i === 0 ? 'HASH' : 'RANGE' })),
      AttributeDefinitions: names.map(AttributeName => ({
        AttributeName,
        AttributeType: keys[AttributeName]
      })),
      ProvisionedThroughput: { ReadCapacityUnits: 5, WriteCapacityUnits: 5 }
    })
  }

  /** Puts an item. @param {{ doc: string, key: Uint8Array, value: Uint8Array }} item */
  async put({ doc, key, value, ...attributes }) {
    await this.request('PutItem', {
      Item: { ydocname: { S: doc }, ykeysort: binary(key), value: binary(value), ...attributes }
    })
  }

  /** All items of a document or of the table, in the order of their keys. */
  async items(doc) {
    const items = []
    let ExclusiveStartKey
    do {
      const page = await this.request('Scan', { ConsistentRead: true, Limit: 200, ExclusiveStartKey })
      items.push(...page.Items)
      ExclusiveStartKey = page.LastEvaluatedKey
    } while (ExclusiveStartKey !== undefined)
    return items
      .filter(item => doc === undefined || item.ydocname.S === doc)
      .map(({ ydocname, ykeysort, value, ...attributes }) => ({
        doc: ydocname.S,
        key: Buffer.from(ykeysort.B, 'base64'),
        value: value && Buffer.from(value.B, 'base64'),
        attributes
      }))
      .sort((a, b) => Buffer.compare(a.key, b.key))
  }
}

export function binary(bytes) {
  return { B: Buffer.from(bytes).toString('base64') }
}

/** One request over HTTP. @returns {Promise<{ status: number, body: string }>} */
export async function requestRaw(endpoint, operation, body) {
  const target = `DynamoDB_20120810.${operation}`
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  if (/^(memory|file):/.test(endpoint)) return native.embeddedRequest(endpoint, target, text)
  const response = await fetch(endpoint, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-amz-json-1.0',
      'x-amz-target': target,
      // DynamoDB Local checks only the form, and separates data by access key and region.
      'authorization':
        `AWS4-HMAC-SHA256 Credential=${CREDENTIALS.accessKeyId}/20200101/${REGION}/dynamodb/aws4_request, `
        + 'SignedHeaders=host, Signature=0'
    },
    body: text
  })
  return { status: response.status, body: await response.text() }
}
