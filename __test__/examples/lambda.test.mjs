/**
 * The handler in this process, and a process that is frozen with SIGSTOP as Lambda freezes one: no acknowledged update is
 * lost.
 */
import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import * as Y from 'yjs'
import { ProxiedTable, reset } from '../support/proxy.mjs'

Object.assign(process.env, { TABLE: 'docs', ENDPOINT: 'memory:', CREATE_TABLE: 'yes', AWS_REGION: 'local' })
const { handler } = await import('../../examples/lambda/handler.mjs')

const base64 = bytes => Buffer.from(bytes).toString('base64')
const post = (doc, body) =>
  handler({ pathParameters: { doc }, body: typeof body === 'string' ? body : JSON.stringify(body) })

const sync = async doc => {
  const { statusCode, body } = await post('letter', {
    update: base64(Y.encodeStateAsUpdate(doc)),
    stateVector: base64(Y.encodeStateVector(doc))
  })
  assert.equal(statusCode, 200, body)
  Y.applyUpdate(doc, new Uint8Array(Buffer.from(JSON.parse(body).diff, 'base64')))
}

test('each of two clients of the Lambda gets what the other one wrote', async () => {
  const [a, b] = [new Y.Doc(), new Y.Doc()]
  a.getText('text').insert(0, 'from a')
  b.getMap('map').set('from', 'b')
  await sync(a)
  await sync(b)
  await sync(a)
  assert.equal(b.getText('text').toString(), 'from a')
  assert.equal(a.getMap('map').get('from'), 'b')
})

test('a body that the gateway has encoded is decoded', async () => {
  const doc = new Y.Doc()
  doc.getText('text').insert(0, 'encoded')
  const body = base64(JSON.stringify({ update: base64(Y.encodeStateAsUpdate(doc)) }))
  const { statusCode, body: text } = await handler({
    pathParameters: { doc: 'encoded' },
    body,
    isBase64Encoded: true
  })
  assert.equal(statusCode, 200, text)
})

test('the Lambda distinguishes a wrong request from a failure', async () => {
  const refused = { statusCode: 400, body: '{"error":"ERR_INVALID_ARGUMENT"}' }
  for (const body of ['no JSON', 'null', { update: 5 }, { stateVector: 'ä' }, { update: null }]) {
    const { statusCode, body: text } = await post('letter', body)
    assert.deepEqual({ statusCode, body: text }, refused, JSON.stringify(body))
  }
  assert.equal((await handler({ body: '{}' })).statusCode, 400)
  assert.deepEqual(
    await post('letter', { update: base64([9]) }).then(({ statusCode, body }) => [
      statusCode,
      JSON.parse(body)
    ]),
    [400, { error: 'ERR_INVALID_UPDATE' }]
  )
})

describe(
  'a process that is frozen while it stores, and loses its connection',
  { skip: process.platform === 'win32' && 'needs SIGSTOP' },
  () => {
    /** The outcome of the store. */
    const frozen = async (t, { operationTimeoutMs, freezeMs }) => {
      const table = await ProxiedTable.before(t)
      await table.create()
      const config = table.config({ skipCreateTable: true, aws: { operationTimeoutMs } })
      const child = fork(fileURLToPath(new URL('storing.mjs', import.meta.url)), [JSON.stringify(config)])
      const ended = once(child, 'exit')
      t.after(() => {
        child.kill('SIGKILL')
        return ended
      })
      table.rule(({ operation, nth }) =>
        operation !== 'PutItem' || nth > 0
          ? undefined
          : async fault => {
              child.kill('SIGSTOP')
              await reset(fault)
              await delay(freezeMs)
              child.kill('SIGCONT')
            }
      )
      const [outcome] = await once(child, 'message')
      return outcome
    }

    test('stores the update after a short freeze', async t => {
      assert.deepEqual(await frozen(t, { operationTimeoutMs: 60_000, freezeMs: 300 }), { clock: 0 })
    })

    test('rejects after a freeze that is longer than the operation timeout', async t => {
      assert.deepEqual(await frozen(t, { operationTimeoutMs: 1_000, freezeMs: 1_500 }), {
        code: 'ERR_UNAVAILABLE'
      })
    })
  }
)
