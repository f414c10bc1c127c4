/** Structs that cannot be stored, in bound documents: the rest of their updates is stored. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { until } from '../support/until.mjs'
import { validateUpdate } from '../../entries/updates.mjs'
import { docWith, open, stored, type } from '../support/bound.mjs'
import { Y, textOf } from '../support/documents.mjs'
import { TestTable } from '../support/dynamodb.mjs'
import { receive, string, update, varUint } from '../support/hostile-client.mjs'
import { ProxiedTable, deny } from '../support/proxy.mjs'

/** An embed of client 9 after the given id, which Yjs accepts and `validateUpdate` refuses. */
const poisonBehind = (client, clock) =>
  update(1, 1, 9, 0, 0x85, varUint(client), varUint(clock), string('['.repeat(1_100) + ']'.repeat(1_100)), 0)

const clientOf = (server, clientID) => {
  const doc = new Y.Doc()
  doc.clientID = clientID
  doc.on('update', bytes => Y.applyUpdate(server, bytes, 'socket'))
  return doc
}

describe('a struct that cannot be stored', () => {
  test('is replaced by a deleted item: later text after it is stored', async t => {
    const table = new TestTable()
    const { persistence, reported } = open(t, table)
    const server = new Y.Doc()
    await persistence.bindState('doc', server)
    const victim = clientOf(server, 7)
    server.on('update', bytes => Y.applyUpdate(victim, bytes))
    type(victim, 'before. ')
    const poison = poisonBehind(7, Y.getState(victim.store, 7) - 1)
    receive(server, poison)
    for (const letter of 'an hour of work') type(victim, letter)
    await persistence.writeState('doc', server)
    assert.equal(textOf(await stored(table)), 'before. an hour of work')
    assert.deepEqual(
      reported.map(([{ code }, { operation }]) => [code, operation]),
      [['ERR_INVALID_UPDATE', 'storeUpdate']]
    )
    assert.deepEqual(Buffer.from(reported[0][1].update), Buffer.from(poison))
  })

  test('does not prevent other changes of the same event from being stored', async t => {
    const table = new TestTable()
    const { persistence, reported } = open(t, table)
    const server = new Y.Doc()
    await persistence.bindState('doc', server)
    const victim = clientOf(server, 7)
    type(victim, 'before. ')
    // Pending until the next keystroke of the victim.
    receive(server, poisonBehind(7, Y.getState(victim.store, 7)))
    for (const letter of 'my sentence') type(victim, letter)
    await persistence.writeState('doc', server)
    assert.equal(textOf(await stored(table)), 'before. my sentence')
    assert.deepEqual(
      reported.map(([{ code }]) => code),
      ['ERR_INVALID_UPDATE']
    )
  })

  test('in a document before it is bound does not prevent the rest from being stored', async t => {
    const table = new TestTable()
    const { persistence, reported } = open(t, table)
    const doc = docWith('held before')
    receive(doc, poisonBehind(doc.clientID, 3))
    await persistence.bindState('doc', doc)
    await persistence.writeState('doc', doc)
    assert.equal(textOf(await stored(table)), 'held before')
    assert.deepEqual(
      reported.map(([{ code }]) => code),
      ['ERR_INVALID_UPDATE']
    )
  })
})

test('refused updates that become invalid when they are merged do not prevent others from being stored', async t => {
  const table = await ProxiedTable.before(t)
  const { persistence, reported } = open(t, table)
  const server = new Y.Doc()
  await persistence.bindState('doc', server)
  type(server, 'before. ')
  await persistence.writeState('doc', server)
  table.rule(({ operation }) => (operation === 'PutItem' ? deny : undefined))
  type(server, 'first. ')
  await until('a refusal', () => reported.length > 0)
  const nested = (from, n) =>
    update(
      1,
      varUint(n),
      9,
      varUint(from),
      Array.from({ length: n }, (_, i) =>
        from + i === 0 ? [7, 1, string('p'), 1] : [0x27, 0, 9, varUint(from + i - 1), string('k'), 1]
      ),
      0
    )
  for (const bytes of [nested(0, 600), nested(600, 600)]) {
    validateUpdate(bytes)
    Y.applyUpdate(server, bytes, 'socket')
  }
  for (const letter of 'typed in the outage') type(server, letter)
  const refusals = reported.length
  await until('another refusal', () => reported.length > refusals)
  table.rule(() => undefined)
  await persistence.writeState('doc', server)
  assert.equal(textOf(await stored(table)), 'before. first. typed in the outage')
})
