/**
 * Causes every failure that docs/ERRORS.md shows. The keys are the subjects of its marks `<!-- provoked: … -->`. Each function
 * returns the error that the user sees.
 */
import { spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import fs from 'node:fs'
import http from 'node:http'
import os from 'node:os'
import path from 'node:path'
import * as Y from 'yjs'
import { keystrokes } from '../support/documents.mjs'
import { DynamoDbPersistence, TestTable } from '../support/dynamodb.mjs'
import { sortKey } from '../support/format.mjs'
import { ProxiedTable, answer, creatingUntil, fail, hang, serverError, throttle } from '../support/proxy.mjs'
import { ROOT } from '../../scripts/tools.mjs'

const [update] = keystrokes(1)
const QUICK = { connectTimeoutMs: 200, requestTimeoutMs: 200, operationTimeoutMs: 600 }

const thrown = work => {
  try {
    work()
  } catch (error) {
    return error
  }
}

const rejected = promise =>
  promise.then(
    () => undefined,
    error => error
  )

const embedded = () => new TestTable({ endpoint: `memory:${Math.random()}`, tableName: 'docs' })

/** A call on a table of the embedded database. */
const onTable = (call, more) => async t => rejected(call(embedded().open(t, more)))

/** A store on a table that answers every request, or the requests of one operation, with `fault`. */
const onFault =
  (fault, { only, call = persistence => persistence.storeUpdate('letter', update) } = {}) =>
  async t => {
    const table = await ProxiedTable.before(t, embedded())
    await table.create()
    const persistence = table.open(t, { skipCreateTable: true, aws: QUICK })
    table.rule(({ operation }) => (only === undefined || operation === only ? fault : undefined))
    return rejected(call(persistence))
  }

/** A call on a table that something else has changed. */
const onDamage = (damage, call) => async t => {
  const table = embedded()
  const persistence = table.open(t)
  await persistence.storeUpdate('letter', update)
  await damage(table)
  return rejected(call(persistence))
}

/** A process without any settings of AWS. */
const withoutSettings = config => {
  const program = `import DynamoDbPersistence from 'y-dynamodb'
    const give = ({ code, message, cause }) => process.stdout.write(JSON.stringify({ code, message, cause: cause && { message: cause.message } }))
    try { await DynamoDbPersistence(${JSON.stringify(config)}).getYDoc('letter') } catch (error) { give(error) }`
  const env = {
    PATH: process.env.PATH,
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_CONFIG_FILE: '/none',
    AWS_SHARED_CREDENTIALS_FILE: '/none'
  }
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', program], {
    cwd: ROOT,
    env,
    encoding: 'utf8'
  })
  if (stdout === '') throw new Error(stderr)
  return JSON.parse(stdout)
}

/** A server that is not DynamoDB. */
const onOtherServer = async t => {
  const server = http.createServer((request, response) => {
    response.writeHead(404).end('<html>not found</html>')
  })
  await new Promise(resolve => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const table = new TestTable({ endpoint: `http://127.0.0.1:${server.address().port}`, tableName: 'docs' })
  return rejected(table.open(t, { aws: QUICK }).getYDoc('letter'))
}

const onTableWith = keys => async t => {
  const table = embedded()
  await table.create(keys)
  return rejected(table.open(t).getYDoc('letter'))
}

const whileDeleting = async ({ response, forward }) => {
  const described = JSON.parse((await forward()).body)
  described.Table.TableStatus = 'DELETING'
  answer(response, { status: 200, body: JSON.stringify(described) })
}

const describing = fault => async t => {
  const table = await ProxiedTable.before(t, embedded())
  await table.create()
  table.rule(({ operation }) => (operation === 'DescribeTable' ? fault : undefined))
  return rejected(table.open(t, { aws: QUICK }).getYDoc('letter'))
}

const withoutYjs = async t => {
  const { defineConstructor } = createRequire(import.meta.url)('../../lib/constructor.js')
  const persistence = defineConstructor(() => import('yjs-that-is-not-here'))(embedded().config())
  t.after(() => persistence.close())
  return rejected(persistence.getYDoc('letter'))
}

const withFailingCredentials = async t => {
  const { endpoint } = await ProxiedTable.before(t, embedded())
  const credentials = async () => {
    throw new Error('vault is sealed')
  }
  const persistence = DynamoDbPersistence({
    tableName: 'docs',
    aws: { region: 'local', endpoint, credentials, ...QUICK }
  })
  t.after(() => persistence.close())
  return rejected(persistence.getYDoc('letter'))
}

/** The only connection hangs, and further requests wait for it until they time out. */
const whenNobodyIsAnswered = async t => {
  const table = await ProxiedTable.before(t, embedded())
  table.rule(() => hang)
  const persistence = table.open(t, {
    skipCreateTable: true,
    aws: { ...QUICK, maxConnections: 1, requestTimeoutMs: 10_000 }
  })
  const errors = await Promise.all(
    Array.from({ length: 20 }, (_, n) => rejected(persistence.getYDoc(`letter ${n}`)))
  )
  return errors.find(({ message }) => message.includes('no connection'))
}

const clearedWhileBound = async t => {
  const reported = []
  const persistence = embedded().open(t, { onError: error => reported.push(error) })
  await persistence.bindState('letter', new Y.Doc())
  await persistence.clearDocument('letter')
  return reported[0]
}

const withoutAddon = () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'y-dynamodb-docs-'))
  try {
    fs.mkdirSync(path.join(folder, 'lib'))
    for (const name of ['lib/native.js', 'lib/bundled.js', 'package.json'])
      fs.copyFileSync(path.join(ROOT, name), path.join(folder, name))
    return thrown(() => createRequire(import.meta.url)(path.join(folder, 'lib/native.js')))
  } finally {
    fs.rmSync(folder, { recursive: true })
  }
}

/** Its first byte is not a type of value. */
const NO_META = Buffer.of(9)

const v2 = () => {
  const doc = new Y.Doc()
  doc.getText('body').insert(0, 'Dear reader')
  return Y.encodeStateAsUpdateV2(doc)
}

export const PROVOKED = {
  'unknown option': () => thrown(() => DynamoDbPersistence({ tableName: 'docs', batchDelay: 100 })),
  'no table name': () => thrown(() => DynamoDbPersistence({ tableName: process.env.NOT_SET })),
  'endpoint without a scheme': () =>
    thrown(() => DynamoDbPersistence({ tableName: 'docs', aws: { endpoint: 'localhost:8000' } })),
  'region with a line break': () =>
    thrown(() => DynamoDbPersistence({ tableName: 'docs', aws: { region: 'eu-central-1\n' } })),
  'no region': () => withoutSettings({ tableName: 'docs' }),
  'not DynamoDB': onOtherServer,
  'no document name': onTable(persistence => persistence.getYDoc(undefined)),
  'empty document name': onTable(persistence => persistence.getYDoc('')),
  'long document name': onTable(persistence => persistence.storeUpdate('n'.repeat(1_000), update)),
  'update as text': onTable(persistence =>
    persistence.storeUpdate('letter', Buffer.from(update).toString('base64'))
  ),
  'meta with a date': onTable(persistence => persistence.setMeta('letter', 'owner', { since: new Date() })),
  'transact inside transact': onTable(persistence =>
    persistence.transact(() => persistence.transact(() => {}))
  ),
  'no yjs': withoutYjs,
  'V2 update': onTable(persistence => persistence.storeUpdate('letter', v2())),
  'cut update': onTable(persistence => persistence.storeUpdate('letter', update.slice(0, -3))),
  'protocol message': onTable(persistence =>
    persistence.storeUpdate('letter', Uint8Array.of(0, 2, update.length, ...update))
  ),
  'large meta': onTable(persistence => persistence.setMeta('letter', 'image', new Uint8Array(500_000))),
  'missing table': onTable(persistence => persistence.getYDoc('letter'), { skipCreateTable: true }),
  'table with other keys': onTableWith({ pk: 'S', sk: 'S' }),
  'table that is deleted': describing(whileDeleting),
  'no credentials': () => withoutSettings({ tableName: 'docs', aws: { region: 'eu-central-1' } }),
  'denied by policy': onFault(
    fail('AccessDeniedException', {
      message:
        'User: arn:aws:sts::123456789012:assumed-role/server/i-0 is not authorized to perform: dynamodb:Scan on resource: …'
    }),
    { only: 'Scan', call: persistence => persistence.getAllDocNames() }
  ),
  'unknown key': onFault(
    fail('UnrecognizedClientException', { message: 'The security token included in the request is invalid.' })
  ),
  'expired token': onFault(
    fail('ExpiredTokenException', { message: 'The security token included in the request is expired' })
  ),
  'wrong clock': onFault(fail('InvalidSignatureException', { message: 'Signature expired: …' })),
  'failing credentials function': withFailingCredentials,
  'nobody is answered': whenNobodyIsAnswered,
  'throttled': onFault(throttle, { only: 'PutItem' }),
  'nobody listens': async t => {
    const table = new TestTable({ endpoint: 'http://127.0.0.1:9', tableName: 'docs' })
    return rejected(table.open(t, { aws: QUICK }).getYDoc('letter'))
  },
  'no answer': onFault(hang),
  'failing service': onFault(serverError),
  'table in creation': describing(creatingUntil(Date.now() + 600_000)),
  'damaged item': onDamage(
    table =>
      table.put({ doc: 'letter', key: sortKey(['v1', 'letter', 'update', 7]), value: Buffer.from('hello') }),
    persistence => persistence.getYDoc('letter')
  ),
  'damaged meta': onDamage(
    table => table.put({ doc: 'letter', key: sortKey(['v1', 'letter', 'meta', 'owner']), value: NO_META }),
    persistence => persistence.getMeta('letter', 'owner')
  ),
  'closed': onTable(async persistence => {
    await persistence.close()
    await persistence.storeUpdate('letter', update)
  }),
  'cleared while bound': clearedWhileBound,
  'no addon': withoutAddon,
  'clock used up': onDamage(
    table =>
      table.put({ doc: 'letter', key: sortKey(['v1', 'letter', 'update', 2 ** 32 - 1]), value: update }),
    async persistence => {
      await persistence.getYDoc('letter')
      // Outside the queue it does not join the open item.
      await persistence.storeUpdate('letter', update, true)
    }
  ),
  'state vector as text': onTable(persistence => persistence.getDiff('letter', 'AA==')),
  'not a state vector': onTable(persistence => persistence.getDiff('letter', update)),
  'unknown answer': onFault(fail('SomethingNewException', { message: 'nobody knows it yet' }))
}
