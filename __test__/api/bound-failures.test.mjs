/** A bound document while the table fails: failures are reported, changes stored later or reported as given up. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { describe, test } from 'node:test'
import { promisify } from 'node:util'
import { until } from '../support/until.mjs'
import { docWith, hold, open, stored, type } from '../support/bound.mjs'
import { TestTable } from '../support/dynamodb.mjs'
import { rejectsWith } from '../support/errors.mjs'
import { sortKey } from '../support/format.mjs'
import { ProxiedTable, deny } from '../support/proxy.mjs'
import { Y, docOf, keystrokes, textOf } from '../support/documents.mjs'

describe('a table that fails', () => {
  test('is reported at each attempt; all changes are stored later, as one update', async t => {
    const table = await ProxiedTable.before(t)
    const { persistence, reported, codes } = open(t, table)
    const doc = new Y.Doc()
    await persistence.bindState('doc', doc)
    table.rule(({ operation }) => (operation === 'PutItem' ? deny : undefined))
    for (const letter of 'many letters, '.repeat(30)) type(doc, letter)
    await until('the second refusal', () => reported.length >= 2)
    for (const letter of 'and more '.repeat(30)) type(doc, letter)
    const waiting = persistence.stats().bound
    assert(waiting.waitingUpdates > 0 && waiting.waitingUpdates <= 102, `${waiting.waitingUpdates} updates`)
    assert(waiting.waitingBytes < 5_000, `${waiting.waitingBytes} bytes`)
    let isWritten = false
    const written = persistence.writeState('doc', doc).then(() => {
      isWritten = true
    })
    await until('another refusal', () => reported.length >= 3)
    assert.equal(isWritten, false)
    const { fault, release } = hold()
    table.rule(({ operation }) => (operation === 'PutItem' ? fault : undefined))
    const before = table.count('PutItem')
    await until('the attempt that succeeds', () => table.count('PutItem') > before)
    type(doc, ', the last during that')
    release()
    await written
    await persistence.writeState('doc', doc)
    assert.equal(textOf(await stored(table)), textOf(doc))
    assert(table.count('PutItem') <= before + 2, `${table.count('PutItem') - before} writes`)
    assert.deepEqual([...new Set(codes())], ['storeUpdate: ERR_ACCESS'])
    assert(reported.every(([, context]) => context.docName === 'doc' && !('update' in context)))
    assert.deepEqual(persistence.stats().bound, {
      loading: 0,
      waitingDocuments: 0,
      waitingUpdates: 0,
      waitingBytes: 0
    })
  })

  test('the next document of a name has the pending updates of the previous one', async t => {
    const table = await ProxiedTable.before(t)
    const { persistence, reported } = open(t, table)
    const former = new Y.Doc()
    await persistence.bindState('doc', former)
    type(former, 'stored, ')
    await persistence.writeState('doc', former)
    table.rule(({ operation }) => (operation === 'PutItem' ? deny : undefined))
    type(former, 'waiting')
    const written = persistence.writeState('doc', former).then(() => former.destroy())
    const next = new Y.Doc()
    await persistence.bindState('doc', next)
    assert.equal(textOf(next), 'stored, waiting')
    assert(persistence.stats().bound.waitingUpdates > 0)
    await until('a refusal', () => reported.length > 0)
    table.rule(() => undefined)
    await written
    assert.equal(persistence.stats().batches.updates, 2)
    assert.equal(textOf(await stored(table)), 'stored, waiting')
  })

  test('the pending updates of one name are retried as one, however often its document is created again', async t => {
    const table = await ProxiedTable.before(t)
    const { persistence, reported } = open(t, table)
    await persistence.storeUpdate('doc', keystrokes(1)[0])
    table.rule(({ operation }) => (operation === 'PutItem' ? deny : undefined))
    const written = []
    for (let life = 0; life < 20; life++) {
      const doc = new Y.Doc()
      await persistence.bindState('doc', doc)
      type(doc, String(life % 10))
      written.push(persistence.writeState('doc', doc).then(() => doc.destroy()))
      if (life === 0) await until('a refusal', () => reported.length > 0)
    }
    assert.equal(persistence.stats().bound.waitingDocuments, 1)
    table.rule(() => undefined)
    await Promise.all(written)
    assert.equal(textOf(await stored(table)), 'a01234567890123456789')
    assert(persistence.stats().batches.updates <= 3, `${persistence.stats().batches.updates} updates`)
    assert.equal(persistence.stats().bound.waitingDocuments, 0)
  })

  test('the next document of a name has the updates of the previous one that are in flight', async t => {
    const table = await ProxiedTable.before(t)
    const { persistence } = open(t, table)
    const former = new Y.Doc()
    await persistence.bindState('doc', former)
    const { fault, release } = hold()
    table.rule(({ operation }) => (operation === 'PutItem' ? fault : undefined))
    type(former, 'on its way')
    await until('the write', () => table.count('PutItem') > 0)
    const written = persistence.writeState('doc', former)
    const next = new Y.Doc()
    const bound = persistence.bindState('doc', next)
    release()
    await Promise.all([written, bound])
    assert.equal(textOf(next), 'on its way')
  })

  test('loading is retried until it succeeds', async t => {
    const table = await ProxiedTable.before(t)
    const { persistence, codes } = open(t, table)
    await persistence.storeUpdate('doc', keystrokes(1)[0])
    table.rule(({ operation }) => (operation === 'Query' ? deny : undefined))
    const doc = new Y.Doc()
    persistence.bindState('doc', doc)
    assert.equal(persistence.stats().bound.loading, 1)
    type(doc, ' and typed')
    // What it held before is stored before the table can be read.
    await persistence.writeState('doc', doc)
    assert(persistence.stats().batches.updates >= 2)
    await until('two failures', () => codes().length >= 2)
    table.rule(() => undefined)
    await persistence.whenBound(doc)
    assert.deepEqual([...new Set(codes())], ['bindState: ERR_ACCESS'])
    assert.equal(textOf(doc).length, 'a and typed'.length)
    assert.equal(persistence.stats().bound.loading, 0)
  })

  test('an error that onError throws is an uncaught exception, and storing continues', async t => {
    const table = await ProxiedTable.before(t)
    const program = `
      const DynamoDbPersistence = require('y-dynamodb'), Y = require('yjs')
      const persistence = DynamoDbPersistence({ ...${JSON.stringify(table.config())}, onError: error => { throw error } })
      const caught = []
      process.on('uncaughtException', error => caught.push(error.code))
      const doc = new Y.Doc()
      persistence.bindState('doc', doc).then(() => {
        doc.emit('update', [new Uint8Array([9])])
        doc.getText('text').insert(0, 'stored')
        return persistence.writeState('doc', doc)
      }).then(() => persistence.close()).then(() => console.log(caught.join()))`
    const { stdout } = await promisify(execFile)(process.execPath, ['--eval', program], {
      cwd: new URL('../..', import.meta.url)
    })
    assert.equal(stdout.trim(), 'ERR_INVALID_UPDATE')
    assert.equal(textOf(await stored(table)), 'stored')
  })

  test('an error that a listener throws while the document is loaded is an uncaught exception, and the document is complete', async t => {
    const table = await ProxiedTable.before(t)
    const program = `
      import DynamoDbPersistence from 'y-dynamodb'
      import * as Y from 'yjs'
      const thrown = []
      process.on('uncaughtException', error => thrown.push(error.message))
      const reported = []
      const config = ${JSON.stringify(table.config())}
      const persistence = DynamoDbPersistence({ ...config, onError: error => reported.push(error.code) })
      const doc = new Y.Doc()
      doc.getText('text').insert(0, 'stored')
      await persistence.storeUpdate('doc', Y.encodeStateAsUpdate(doc))
      for (const name of ['first', 'second']) {
        const ydoc = new Y.Doc()
        ydoc.on('update', () => { throw new Error(name + ' listener') })
        await persistence.bindState('doc', ydoc)
        await persistence.whenBound(ydoc)
        await persistence.writeState('doc', ydoc)
        await new Promise(setImmediate)
        console.log(ydoc.getText('text').toString())
      }
      console.log(reported.length, persistence.stats().batches.updates, thrown.join())
      await persistence.close()`
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program], {
      cwd: new URL('../..', import.meta.url)
    })
    assert.deepEqual(stdout.trim().split('\n'), ['stored', 'stored', '0 1 first listener,second listener'])
  })

  test('bytes that are no update are reported and dropped; other updates are stored', async t => {
    const table = new TestTable()
    const { persistence, reported } = open(t, table)
    const doc = new Y.Doc()
    await persistence.bindState('doc', doc)
    doc.emit('update', [new Uint8Array([9]), null, doc])
    type(doc, 'good')
    await persistence.writeState('doc', doc)
    assert.equal(textOf(await stored(table)), 'good')
    assert.deepEqual(
      reported.map(([error, context]) => [error.code, context]),
      [['ERR_INVALID_UPDATE', { docName: 'doc', operation: 'storeUpdate', update: new Uint8Array([9]) }]]
    )
  })

  test('an invalid name is reported, and nothing is retried', async t => {
    const { persistence, reported } = open(t, new TestTable())
    const name = 'n'.repeat(1_100)
    const doc = docWith('before, ')
    await persistence.bindState(name, doc)
    type(doc, 'after')
    await persistence.writeState(name, doc)
    await rejectsWith('ERR_INVALID_ARGUMENT', persistence.whenBound(doc), name)
    assert(reported.every(([error]) => error.code === 'ERR_INVALID_ARGUMENT'))
    const given = reported.flatMap(([, { update }]) => update ?? [])
    assert.equal(textOf(docOf(given)), 'before, after')
    await persistence.bindState(5, doc)
    await persistence.bindState('doc', {})
    await persistence.writeState('doc', undefined)
    await until('the refusals', () => reported.length >= 6)
    assert(reported.every(([error]) => error.code === 'ERR_INVALID_ARGUMENT'))
  })

  test('without onError nothing rejects; warnings report each kind of failure once, and every update that is given up', async t => {
    const table = await ProxiedTable.before(t)
    const persistence = table.open(t)
    const warnings = []
    const listen = ({ name, code, message }) => {
      if (name === 'YDynamoDbWarning') warnings.push([message.split(' ')[0], code])
    }
    process.on('warning', listen)
    t.after(() => process.off('warning', listen))
    table.rule(({ operation }) => (['PutItem', 'Query'].includes(operation) ? deny : undefined))
    const doc = docWith('a')
    persistence.bindState('doc', doc)
    const written = persistence.writeState('doc', doc)
    await until('two attempts to store and to load', () => table.count('Query') >= 4)
    await until('the warnings', () => warnings.length > 1)
    const kinds = [
      ['bindState', 'ERR_ACCESS'],
      ['storeUpdate', 'ERR_ACCESS']
    ]
    assert.deepEqual([...warnings].sort(), kinds)
    table.rule(() => undefined)
    await written
    await persistence.whenBound(doc)
    table.rule(({ operation }) => (operation === 'PutItem' ? deny : undefined))
    const docs = [doc, new Y.Doc()]
    await persistence.bindState('another', docs[1])
    for (const one of docs) type(one, 'given up')
    await persistence.close()
    await until('the last warnings', () => warnings.length > 3)
    assert.deepEqual([...warnings].sort(), [kinds[0], ...Array(2).fill(['close', 'ERR_ACCESS']), kinds[1]])
  })
})

describe('whenBound', () => {
  test('rejects for a document that was never bound', async t => {
    await rejectsWith('ERR_INVALID_ARGUMENT', new TestTable().open(t).whenBound(new Y.Doc()))
  })

  test('rejects for a document that is corrupt in the table, and its changes are stored', async t => {
    const table = new TestTable()
    const { persistence, codes } = open(t, table, { onCorruptUpdate: 'fail' })
    await persistence.storeUpdate('doc', keystrokes(1)[0])
    await table.put({ doc: 'doc', key: sortKey(['v1', 'doc', 'update', 1]), value: Buffer.from('no update') })
    const doc = docWith('before')
    await persistence.bindState('doc', doc)
    await rejectsWith('ERR_CORRUPT', persistence.whenBound(doc), 'doc')
    type(doc, ' and after')
    await persistence.writeState('doc', doc)
    assert.deepEqual(codes(), ['bindState: ERR_CORRUPT'])
    const reader = table.open(t, { onCorruptUpdate: 'skip' })
    assert.match(textOf(await reader.getYDoc('doc')), /before and after/)
  })

  test('rejects for a document that is destroyed before it is loaded; loading ends, and its content is stored', async t => {
    const table = await ProxiedTable.before(t)
    const { persistence } = open(t, table)
    await persistence.storeUpdate('doc', keystrokes(1)[0])
    table.rule(({ operation }) => (operation === 'Query' ? deny : undefined))
    const doc = docWith('held')
    persistence.bindState('doc', doc)
    await until('an attempt', () => table.count('Query') > 0)
    doc.destroy()
    await rejectsWith('ERR_CLOSED', persistence.whenBound(doc), 'doc')
    await persistence.writeState('doc', doc)
    table.rule(() => undefined)
    assert.match(textOf(await stored(table)), /held/)
    assert.equal(persistence.stats().bound.loading, 0)
  })
})

describe('closing', () => {
  test('waits until all changes are stored', async t => {
    const table = new TestTable()
    const { persistence } = open(t, table)
    const doc = new Y.Doc()
    await persistence.bindState('doc', doc)
    type(doc, 'the last words')
    await persistence.close()
    assert.equal(textOf(await stored(table)), 'the last words')
  })

  test('stores the content of a document that is not loaded yet', async t => {
    const table = await ProxiedTable.before(t)
    const { persistence, codes } = open(t, table)
    await persistence.storeUpdate('doc', keystrokes(1)[0])
    table.rule(({ operation }) => (operation === 'Query' ? deny : undefined))
    const doc = docWith('held')
    persistence.bindState('doc', doc)
    await until('an attempt', () => codes().length > 0)
    await persistence.close()
    await rejectsWith('ERR_CLOSED', persistence.whenBound(doc), 'doc')
    table.rule(() => undefined)
    assert.match(textOf(await stored(table)), /held/)
  })

  test('ends although the table still fails, and reports what is not stored', async t => {
    const table = await ProxiedTable.before(t)
    const { persistence, reported } = open(t, table)
    const docs = [new Y.Doc(), new Y.Doc()]
    await Promise.all(docs.map((doc, i) => persistence.bindState(`doc${i}`, doc)))
    table.rule(({ operation }) => (operation === 'PutItem' ? deny : undefined))
    for (const doc of docs) for (const letter of 'not stored') type(doc, letter)
    await until('a refusal of each', () => new Set(reported.map(([, { docName }]) => docName)).size === 2)
    const written = Promise.all(docs.map((doc, i) => persistence.writeState(`doc${i}`, doc)))
    await persistence.close()
    await written
    const given = reported.filter(([, { update }]) => update !== undefined)
    assert.deepEqual(
      given
        .map(([error, { docName, operation, update }]) => [
          error.code,
          docName,
          operation,
          textOf(docOf([update]))
        ])
        .sort(),
      docs.map((_, i) => ['ERR_ACCESS', `doc${i}`, 'close', 'not stored'])
    )
  })

  test('later changes are reported with their updates; a document cannot be bound any more', async t => {
    const { persistence, reported, codes } = open(t, new TestTable())
    const doc = new Y.Doc()
    await persistence.bindState('doc', doc)
    await persistence.close()
    type(doc, 'late')
    const late = docWith('late')
    await persistence.bindState('late', late)
    await persistence.writeState('late', late)
    await rejectsWith('ERR_CLOSED', persistence.whenBound(late))
    await until('the refusals', () => reported.length >= 3)
    assert.deepEqual(codes(), ['storeUpdate: ERR_CLOSED', 'bindState: ERR_CLOSED', 'bindState: ERR_CLOSED'])
    assert.equal(textOf(docOf([reported[0][1].update])), 'late')
  })
})
