import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as Y from 'yjs'

Object.assign(process.env, { TABLE: 'docs', ENDPOINT: 'memory:', CREATE_TABLE: 'yes', AWS_REGION: 'local' })
const { handler } = await import('../lambda/handler.mjs')

const base64 = bytes => Buffer.from(bytes).toString('base64')
const post = (doc, body) => handler({ pathParameters: { doc }, body: typeof body === 'string' ? body : JSON.stringify(body) })

const sync = async doc => {
  const { statusCode, body } = await post('letter', {
    update: base64(Y.encodeStateAsUpdate(doc)), stateVector: base64(Y.encodeStateVector(doc))
  })
  assert.equal(statusCode, 200, body)
  Y.applyUpdate(doc, new Uint8Array(Buffer.from(JSON.parse(body).diff, 'base64')))
}

test('two clients of the Lambda get what the other one wrote', async () => {
  const [a, b] = [new Y.Doc(), new Y.Doc()]
  a.getText('text').insert(0, 'from a')
  b.getMap('map').set('from', 'b')
  await sync(a)
  await sync(b)
  await sync(a)
  assert.equal(b.getText('text').toString(), 'from a')
  assert.equal(a.getMap('map').get('from'), 'b')
})

test('the Lambda tells a wrong request from a failure', async () => {
  const refused = { statusCode: 400, body: '{"error":"ERR_INVALID_ARGUMENT"}' }
  for (const body of ['no JSON', 'null', { update: 5 }, { stateVector: 'ä' }, { update: null }]) {
    const { statusCode, body: text } = await post('letter', body)
    assert.deepEqual({ statusCode, body: text }, refused, JSON.stringify(body))
  }
  assert.equal((await handler({ body: '{}' })).statusCode, 400)
  assert.deepEqual(await post('letter', { update: base64([9]) }).then(({ statusCode, body }) => [statusCode, JSON.parse(body)]),
    [400, { error: 'ERR_INVALID_UPDATE' }])
})
