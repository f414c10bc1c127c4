/** Clearing a document that is bound: everything typed in it later would depend on content that is gone. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { docWith, hold, open, stored, type } from '../support/bound.mjs'
import { TestTable } from '../support/engine.mjs'
import { rejectsWith } from '../support/errors.mjs'
import { Y, keystrokes, textOf } from '../support/documents.mjs'
import { ProxiedTable, deny } from '../support/proxy.mjs'
import { until } from '../support/until.mjs'

const denying =
  (...denied) =>
  ({ operation }) =>
    denied.includes(operation) ? deny : undefined

/** A persistence on a table, and a document bound there that has some text. */
const openBound = async (t, table, more) => {
  const opened = open(t, table, more)
  const doc = docWith('before')
  await opened.persistence.bindState('doc', doc)
  await opened.persistence.writeState('doc', doc)
  return { ...opened, doc }
}

describe('a bound document that is cleared', () => {
  test('reports it once, and nothing of it is stored any more', async t => {
    const table = new TestTable()
    const { persistence, codes, doc } = await openBound(t, table)
    const keeper = table.open(t)
    await keeper.getAllDocNames()
    const cleared = persistence.clearDocument('doc')
    type(doc, ', during')
    await cleared
    type(doc, ', after')
    // Yjs keeps this back, and no update event tells of it.
    Y.applyUpdate(doc, keystrokes(2)[1])
    await persistence.writeState('doc', doc)
    await rejectsWith('ERR_CLEARED', persistence.whenBound(doc), 'doc')
    doc.destroy()
    await persistence.close()
    assert.deepEqual(await table.items('doc'), [])
    assert.deepEqual(codes(), ['clearDocument: ERR_CLEARED'])
  })

  test('is loaded again by another document of its name, which is stored as any other', async t => {
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

  test('can be bound again: all that it holds is stored then', async t => {
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

  test('leaves others alone, and those that are destroyed are not reported', async t => {
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

  test('does not get back what the table had refused before', async t => {
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

  test('does not get back what is refused while the clear waits for it', async t => {
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

  test('is not loaded if the clear is called before that, and what it holds is not stored', async t => {
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

  test('is not compared with the table any more if the clear is called while it is loaded', async t => {
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

  test('is reported in a warning if there is no onError, each one', async t => {
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

test('a clear inside transact concerns bound documents too', async t => {
  const table = new TestTable()
  const { persistence, codes, doc } = await openBound(t, table)
  await persistence.transact(() => persistence.clearDocument('doc'))
  type(doc, ', after')
  await persistence.writeState('doc', doc)
  assert.deepEqual(await table.items('doc'), [])
  assert.deepEqual(codes(), ['clearDocument: ERR_CLEARED'])
})

test('clearAll concerns all bound documents; one that is bound meanwhile is read after it', async t => {
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

test('a clear outside the queue also concerns documents that are bound before it ends', async t => {
  const { persistence, codes, doc } = await openBound(t, new TestTable())
  const cleared = persistence.clearDocument('doc', true)
  const next = new Y.Doc()
  await Promise.all([persistence.bindState('doc', next), cleared])
  await persistence.whenBound(next).catch(() => {})
  for (const each of [doc, next]) await rejectsWith('ERR_CLEARED', persistence.whenBound(each), 'doc')
  assert.deepEqual(codes(), ['clearDocument: ERR_CLEARED', 'clearDocument: ERR_CLEARED'])
})

test('a clear that fails ends the binding all the same, and hands back what is not stored', async t => {
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

test('a clear that is refused for its arguments concerns no document', async t => {
  const { persistence, codes, doc } = await openBound(t, new TestTable())
  await rejectsWith('ERR_INVALID_ARGUMENT', persistence.clearDocument(undefined))
  await persistence.close()
  await rejectsWith('ERR_CLOSED', persistence.clearDocument('doc'))
  assert.deepEqual(codes(), [])
  doc.destroy()
})
