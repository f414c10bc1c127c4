/** Clearing a bound document: its later changes would depend on content that the table no longer has. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { docWith, hold, open, stored, type } from '../support/bound.mjs'
import { TestTable } from '../support/dynamodb.mjs'
import { rejectsWith } from '../support/errors.mjs'
import { Y, keystrokes, textOf } from '../support/documents.mjs'
import { ProxiedTable, deny } from '../support/proxy.mjs'
import { until } from '../support/until.mjs'

const denying =
  (...denied) =>
  ({ operation }) =>
    denied.includes(operation) ? deny : undefined

/** A persistence on a table, and a bound document with some text. */
const openBound = async (t, table, more) => {
  const opened = open(t, table, more)
  const doc = docWith('before')
  await opened.persistence.bindState('doc', doc)
  await opened.persistence.writeState('doc', doc)
  return { ...opened, doc }
}

describe('a bound document that is cleared', () => {
  test('is reported once and no longer stored', async t => {
    const table = new TestTable()
    const { persistence, codes, doc } = await openBound(t, table)
    const keeper = table.open(t)
    await keeper.getAllDocNames()
    const cleared = persistence.clearDocument('doc')
    type(doc, ', during')
    await cleared
    type(doc, ', after')
    // Yjs does not integrate this, without an update event.
    Y.applyUpdate(doc, keystrokes(2)[1])
    await persistence.writeState('doc', doc)
    await rejectsWith('ERR_CLEARED', persistence.whenBound(doc), 'doc')
    doc.destroy()
    await persistence.close()
    assert.deepEqual(await table.items('doc'), [])
    assert.deepEqual(codes(), ['clearDocument: ERR_CLEARED'])
  })

  test('is replaced by the next document of its name, which is stored', async t => {
    const table = new TestTable()
    const { persistence, codes, doc } = await openBound(t, table)
    const cleared = persistence.clearDocument('doc')
    const next = new Y.Doc()
    await persistence.bindState('doc', next)
    await cleared
    assert.equal(textOf(next), '')
    type(doc, ', lost')
    type(next, 'afresh')
    await persistence.writeState('doc', next)
    assert.equal(textOf(await stored(table)), 'afresh')
    assert.equal(codes().length, 1)
  })

  test('can be bound again: everything that it holds is stored then', async t => {
    const table = new TestTable()
    const { persistence, doc } = await openBound(t, table)
    await persistence.clearDocument('doc')
    type(doc, ', after')
    await persistence.bindState('doc', doc)
    await persistence.whenBound(doc)
    type(doc, ', again')
    await persistence.writeState('doc', doc)
    assert.equal(textOf(await stored(table)), 'before, after, again')
  })

  test('is not reported if it was destroyed before, and other documents are still stored', async t => {
    const table = new TestTable()
    const { persistence, codes, doc } = await openBound(t, table)
    const other = new Y.Doc()
    await persistence.bindState('other', other)
    doc.destroy()
    await new Promise(setImmediate)
    await persistence.clearDocument('doc')
    type(other, 'other')
    await persistence.writeState('other', other)
    assert.equal(textOf(await stored(table, 'other')), 'other')
    assert.deepEqual(codes(), [])
  })

  test('is not stored again from updates that the table refused before', async t => {
    const table = await ProxiedTable.before(t)
    const { persistence, codes, doc } = await openBound(t, table)
    table.rule(denying('PutItem'))
    type(doc, ', refused')
    await until('a refusal', () => codes().length > 0)
    const written = persistence.writeState('doc', doc)
    await new Promise(setImmediate)
    await persistence.clearDocument('doc')
    await written
    assert.equal(persistence.stats().bound.waitingUpdates, 0)
    table.rule(() => undefined)
    await persistence.close()
    assert.deepEqual(await table.items('doc'), [])
    assert.deepEqual(codes(), ['storeUpdate: ERR_ACCESS', 'clearDocument: ERR_CLEARED'])
  })

  test('is not stored again from updates that are refused during the clear', async t => {
    const table = await ProxiedTable.before(t)
    const { persistence, codes, doc } = await openBound(t, table)
    const { fault, release } = hold()
    const before = table.count('PutItem')
    table.rule(({ operation, nth }) => {
      if (operation !== 'PutItem') return undefined
      return nth === before ? fault : deny
    })
    type(doc, ', in flight')
    await until('the write', () => table.count('PutItem') > before)
    type(doc, ', refused')
    const cleared = persistence.clearDocument('doc')
    release()
    await cleared
    await persistence.writeState('doc', doc)
    table.rule(() => undefined)
    await persistence.close()
    assert.deepEqual(await table.items('doc'), [])
    assert.deepEqual(codes(), ['clearDocument: ERR_CLEARED'])
  })

  test('is not loaded if the clear is called first, and its content is not stored', async t => {
    const table = await ProxiedTable.before(t)
    const { persistence, codes } = open(t, table)
    await persistence.storeUpdate('doc', keystrokes(1)[0])
    const { fault, release } = hold()
    table.rule(({ operation }) => (operation === 'Query' ? fault : undefined))
    const doc = docWith('held')
    const before = table.count('Query')
    const bound = persistence.bindState('doc', doc)
    const loaded = persistence.whenBound(doc)
    await until('the read', () => table.count('Query') > before)
    const cleared = persistence.clearDocument('doc')
    release()
    await rejectsWith('ERR_CLEARED', loaded, 'doc')
    await Promise.all([bound, cleared])
    assert.equal(textOf(doc), 'held')
    assert.equal(persistence.stats().bound.loading, 0)
    await persistence.writeState('doc', doc)
    await persistence.close()
    assert.deepEqual(await table.items('doc'), [])
    assert.deepEqual(codes(), ['clearDocument: ERR_CLEARED'])
  })

  test('is not stored if the clear is called while it is compared with the table', async t => {
    const table = new TestTable()
    const { persistence, codes } = open(t, table)
    await persistence.storeUpdate('doc', keystrokes(1)[0])
    const doc = docWith('held')
    let cleared
    doc.on('update', () => {
      cleared ??= persistence.clearDocument('doc')
    })
    await persistence.bindState('doc', doc)
    await cleared
    await persistence.transact(() => {})
    assert.deepEqual(await table.items('doc'), [])
    assert.deepEqual(codes(), ['clearDocument: ERR_CLEARED'])
  })

  test('is reported in a warning of its own if there is no onError', async t => {
    const persistence = new TestTable().open(t)
    const warnings = []
    const listen = ({ code }) => warnings.push(code)
    process.on('warning', listen)
    t.after(() => process.off('warning', listen))
    for (const name of ['a', 'b']) await persistence.bindState(name, new Y.Doc())
    for (const name of ['a', 'b']) await persistence.clearDocument(name)
    await until('the warnings', () => warnings.length === 2)
    assert.deepEqual(warnings, ['ERR_CLEARED', 'ERR_CLEARED'])
  })
})

test('a clear inside transact ends bindings too', async t => {
  const table = new TestTable()
  const { persistence, codes, doc } = await openBound(t, table)
  await persistence.transact(() => persistence.clearDocument('doc'))
  type(doc, ', after')
  await persistence.writeState('doc', doc)
  assert.deepEqual(await table.items('doc'), [])
  assert.deepEqual(codes(), ['clearDocument: ERR_CLEARED'])
})

test('clearAll ends all bindings; a document that is bound meanwhile is read after it', async t => {
  const table = await ProxiedTable.before(t)
  const { persistence, codes, doc } = await openBound(t, table)
  const { fault, release } = hold()
  table.rule(({ operation }) => (operation === 'Scan' ? fault : undefined))
  const before = table.count('Scan')
  const cleared = persistence.clearAll()
  await until('the scan', () => table.count('Scan') > before)
  const next = new Y.Doc()
  const bound = persistence.bindState('doc', next)
  release()
  await Promise.all([cleared, bound])
  type(doc, ', after')
  type(next, 'afresh')
  await Promise.all([doc, next].map(each => persistence.writeState('doc', each)))
  assert.equal(textOf(await stored(table)), 'afresh')
  assert.deepEqual(codes(), ['clearAll: ERR_CLEARED'])
})

test('a clear outside the queue also ends bindings that began before its end', async t => {
  const { persistence, codes, doc } = await openBound(t, new TestTable())
  const cleared = persistence.clearDocument('doc', true)
  const next = new Y.Doc()
  await Promise.all([persistence.bindState('doc', next), cleared])
  await persistence.whenBound(next).catch(() => {})
  for (const each of [doc, next]) await rejectsWith('ERR_CLEARED', persistence.whenBound(each), 'doc')
  assert.deepEqual(codes(), ['clearDocument: ERR_CLEARED', 'clearDocument: ERR_CLEARED'])
})

test('a failed clear ends the binding too, and onError gets the pending updates', async t => {
  const table = await ProxiedTable.before(t)
  const { persistence, reported, codes, doc } = await openBound(t, table)
  table.rule(denying('PutItem', 'BatchWriteItem', 'DeleteItem'))
  type(doc, ', refused')
  await until('a refusal', () => codes().length > 0)
  await rejectsWith('ERR_ACCESS', persistence.clearDocument('doc'), 'doc')
  type(doc, ', after')
  await persistence.writeState('doc', doc)
  assert.deepEqual(codes(), [
    'storeUpdate: ERR_ACCESS',
    'clearDocument: ERR_CLEARED',
    'clearDocument: ERR_ACCESS'
  ])
  const [, { update }] = reported.at(-1)
  table.rule(() => undefined)
  await persistence.storeUpdate('doc', update)
  assert.equal(textOf(await stored(table)), 'before, refused')
})

test('a clear with invalid arguments ends no binding', async t => {
  const { persistence, codes, doc } = await openBound(t, new TestTable())
  await rejectsWith('ERR_INVALID_ARGUMENT', persistence.clearDocument(undefined))
  await persistence.close()
  await rejectsWith('ERR_CLOSED', persistence.clearDocument('doc'))
  assert.deepEqual(codes(), [])
  doc.destroy()
})
