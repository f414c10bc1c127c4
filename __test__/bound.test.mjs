import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { createRequire } from 'node:module'
import { describe, test } from 'node:test'
import { promisify } from 'node:util'
import { until } from '../examples/test/until.mjs'
import { DynamoDbPersistence, TestTable } from './support/engine.mjs'
import { rejectsWith } from './support/errors.mjs'
import { sortKey } from './support/format.mjs'
import { ProxiedTable, deny, recorder } from './support/proxy.mjs'
import { Y, docOf, keystrokes, mapOf, textOf, updatesOf } from './support/documents.mjs'

const WRITES = ['PutItem', 'UpdateItem', 'BatchWriteItem', 'DeleteItem']

/** A persistence and all that its `onError` is told. */
const open = (t, table, more) => {
  const told = []
  const persistence = table.open(t, { onError: (error, context) => told.push([error, context]), ...more })
  return { persistence, told, codes: () => told.map(([error, { operation }]) => `${operation}: ${error.code}`) }
}

const docWith = text => {
  const doc = new Y.Doc()
  doc.getText('text').insert(0, text)
  return doc
}

const type = (doc, text) => doc.getText('text').insert(doc.getText('text').length, text)

/** Carries a request out at once, and answers when it is released. */
const hold = () => {
  let release
  const released = new Promise(resolve => { release = resolve })
  const fault = async ({ response, forward }) => {
    const { status, body } = await forward()
    await released
    response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0' }).end(body)
  }
  return { fault, release }
}

/** The document as another server would load it. */
const stored = async (table, docName = 'doc') => {
  const persistence = DynamoDbPersistence(table.config())
  try {
    return await persistence.getYDoc(docName)
  } finally {
    await persistence.close()
  }
}

describe('binding', () => {
  test('a document has what is stored, and what is typed is stored', async t => {
    const table = new TestTable()
    const { bindState, whenBound, writeState, provider, storeUpdate } = table.open(t)
    for (const update of keystrokes(5)) await storeUpdate('doc', update)
    const doc = new Y.Doc()
    bindState('doc', doc)
    await whenBound(doc)
    assert.equal(textOf(doc), 'abcde')
    type(doc, '!')
    await writeState('doc', doc)
    assert.equal(textOf(await stored(table)), 'abcde!')
    assert.equal(provider.bindState, bindState)
  })

  test('what is typed while the document loads is stored, and stays in it', async t => {
    const table = new TestTable()
    const persistence = table.open(t)
    await persistence.storeUpdate('doc', keystrokes(3)[0])
    const doc = new Y.Doc()
    persistence.bindState('doc', doc)
    type(doc, 'typed')
    await persistence.whenBound(doc)
    await persistence.writeState('doc', doc)
    assert.equal(textOf(doc).length, 6)
    assert.equal(textOf(await stored(table)), textOf(doc))
  })

  test('what is typed while the table is being read is stored once', async t => {
    const table = await ProxiedTable.before(t)
    const persistence = table.open(t)
    await persistence.storeUpdate('doc', keystrokes(1)[0])
    const { fault, release } = hold()
    table.rule(({ operation }) => operation === 'Query' ? fault : undefined)
    const doc = new Y.Doc()
    persistence.bindState('doc', doc)
    const before = table.count('Query')
    await until('the read', () => table.count('Query') > before)
    type(doc, 'typed')
    release()
    await persistence.whenBound(doc)
    await persistence.writeState('doc', doc)
    assert.equal(persistence.stats().batches.updates, 2)
    assert.equal(textOf(await stored(table)), textOf(doc))
  })

  test('what is loaded is not stored again, and an empty document writes nothing', async t => {
    const table = await recorder(t)
    const { persistence, codes } = open(t, table)
    const writes = () => WRITES.reduce((sum, operation) => sum + table.count(operation), 0)
    await persistence.bindState('empty', new Y.Doc())
    assert.equal(writes(), 0)
    await persistence.storeUpdate('doc', keystrokes(1)[0])
    const before = writes()
    const doc = new Y.Doc()
    await persistence.bindState('doc', doc)
    await persistence.writeState('doc', doc)
    assert.equal(textOf(doc), 'a')
    assert.equal(writes(), before)
    assert.deepEqual(codes(), [])
  })

  test('of a document with content only what the table lacks is stored', async t => {
    const table = await recorder(t)
    const persistence = table.open(t)
    const doc = docWith('the table has this')
    doc.getText('text').delete(4, 6)
    const update = Y.encodeStateAsUpdate(doc)
    await persistence.storeUpdate('doc', update)
    const before = table.count('PutItem')
    const same = docOf([update])
    await persistence.bindState('doc', same)
    await persistence.writeState('doc', same)
    assert.equal(table.count('PutItem'), before)

    const more = docOf([update])
    type(more, ', and lacks this')
    more.getText('text').delete(0, 4)
    await persistence.bindState('doc', more)
    await persistence.writeState('doc', more)
    assert.equal(table.count('PutItem'), before + 1)
    assert.equal(persistence.stats().batches.bytesBefore, update.length + Y.encodeStateAsUpdate(more, Y.encodeStateVector(doc)).length)
    assert.equal(textOf(await stored(table)), textOf(more))
  })

  test('a deletion alone is lacking too', async t => {
    const table = new TestTable()
    const persistence = table.open(t)
    const update = Y.encodeStateAsUpdate(docWith('keep, drop'))
    await persistence.storeUpdate('doc', update)
    const doc = docOf([update])
    doc.getText('text').delete(4, 6)
    await persistence.bindState('doc', doc)
    await persistence.writeState('doc', doc)
    assert.equal(textOf(await stored(table)), 'keep')
  })

  test('an update that waited for what was loaded is stored when it finds its place', async t => {
    const table = new TestTable()
    const persistence = table.open(t)
    const [first, second, third] = keystrokes(3)
    await persistence.storeUpdate('doc', first)
    const doc = new Y.Doc()
    persistence.bindState('doc', doc)
    // No event tells of these: yjs keeps them back until the gap is closed.
    Y.applyUpdate(doc, second)
    Y.applyUpdate(doc, third)
    assert.equal(textOf(doc), '')
    await persistence.whenBound(doc)
    assert.equal(textOf(doc), 'abc')
    await persistence.writeState('doc', doc)
    assert.equal(textOf(await stored(table)), 'abc')
  })

  test('a document is bound once', async t => {
    const table = await recorder(t)
    const { persistence, codes } = open(t, table)
    const doc = new Y.Doc()
    await Promise.all([persistence.bindState('doc', doc), persistence.bindState('doc', doc)])
    type(doc, 'a')
    await persistence.writeState('doc', doc)
    assert.equal(persistence.stats().batches.updates, 1)
    await persistence.bindState('another', doc)
    await until('the error', () => codes().length > 0)
    assert.deepEqual(codes(), ['bindState: ERR_INVALID_ARGUMENT'])
  })

  test('writeState stores a document that was never bound', async t => {
    const table = new TestTable()
    const persistence = table.open(t)
    await persistence.writeState('doc', docWith('never bound'))
    assert.equal(textOf(await stored(table)), 'never bound')
  })

  test('a document is touched with its own yjs only', async t => {
    const table = new TestTable()
    const { persistence, codes } = open(t, table)
    const CommonJs = createRequire(import.meta.url)('yjs')
    const first = new CommonJs.Doc()
    await persistence.bindState('doc', first)
    first.getText('text').insert(0, 'as CommonJS')
    await persistence.writeState('doc', first)
    const second = new CommonJs.Doc()
    await persistence.bindState('doc', second)
    assert(CommonJs.encodeStateAsUpdate(second).length > 2)
    assert(second.getText('text')._start instanceof CommonJs.Item)

    const Y14 = await import('@y/y')
    const foreign = new Y14.Doc()
    await persistence.bindState('foreign', foreign)
    foreign.get('text').insert(0, 'typed all the same')
    await rejectsWith('ERR_INVALID_ARGUMENT', persistence.whenBound(foreign), 'foreign')
    await persistence.writeState('foreign', foreign)
    assert.equal(textOf(await stored(table, 'foreign')), 'typed all the same')
    assert.deepEqual(codes(), ['bindState: ERR_INVALID_ARGUMENT'])

    const { persistence: newer } = open(t, table, { Y: Y14 })
    const known = new Y14.Doc()
    await newer.bindState('foreign', known)
    assert.equal(known.get('text').toString(), 'typed all the same')
  })
})

describe('a table that fails', () => {
  test('keeps nothing from being stored later, as one update, and is told of each time', async t => {
    const table = await ProxiedTable.before(t)
    const { persistence, told, codes } = open(t, table)
    const doc = new Y.Doc()
    await persistence.bindState('doc', doc)
    table.rule(({ operation }) => operation === 'PutItem' ? deny : undefined)
    for (const letter of 'many letters, '.repeat(30)) type(doc, letter)
    await until('the second refusal', () => told.length >= 2)
    for (const letter of 'and more '.repeat(30)) type(doc, letter)
    const waiting = persistence.stats().bound
    assert(waiting.waitingUpdates > 0 && waiting.waitingUpdates <= 102, `${waiting.waitingUpdates} updates`)
    assert(waiting.waitingBytes < 5_000, `${waiting.waitingBytes} bytes`)
    let isWritten = false
    const written = persistence.writeState('doc', doc).then(() => { isWritten = true })
    await until('another refusal', () => told.length >= 3)
    assert.equal(isWritten, false)
    const { fault, release } = hold()
    table.rule(({ operation }) => operation === 'PutItem' ? fault : undefined)
    const before = table.count('PutItem')
    await until('the attempt that succeeds', () => table.count('PutItem') > before)
    type(doc, ', the last during that')
    release()
    await written
    assert.equal(textOf(await stored(table)), textOf(doc))
    assert(table.count('PutItem') <= before + 2, `${table.count('PutItem') - before} writes`)
    assert.deepEqual([...new Set(codes())], ['storeUpdate: ERR_ACCESS'])
    assert(told.every(([, context]) => context.docName === 'doc' && !('update' in context)))
    assert.deepEqual(persistence.stats().bound, { loading: 0, waitingDocuments: 0, waitingUpdates: 0, waitingBytes: 0 })
  })

  test('a document that comes again has what its former life has not stored yet', async t => {
    const table = await ProxiedTable.before(t)
    const { persistence, told } = open(t, table)
    const former = new Y.Doc()
    await persistence.bindState('doc', former)
    type(former, 'stored, ')
    await persistence.writeState('doc', former)
    table.rule(({ operation }) => operation === 'PutItem' ? deny : undefined)
    type(former, 'waiting')
    const written = persistence.writeState('doc', former).then(() => former.destroy())
    const next = new Y.Doc()
    await persistence.bindState('doc', next)
    assert.equal(textOf(next), 'stored, waiting')
    assert(persistence.stats().bound.waitingUpdates > 0)
    await until('a refusal', () => told.length > 0)
    table.rule(() => undefined)
    await written
    assert.equal(persistence.stats().batches.updates, 2)
    assert.equal(textOf(await stored(table)), 'stored, waiting')
  })

  test('a document that comes again while its former life is being stored has it all', async t => {
    const table = await ProxiedTable.before(t)
    const { persistence } = open(t, table)
    const former = new Y.Doc()
    await persistence.bindState('doc', former)
    const { fault, release } = hold()
    table.rule(({ operation }) => operation === 'PutItem' ? fault : undefined)
    type(former, 'on its way')
    await until('the write', () => table.count('PutItem') > 0)
    const written = persistence.writeState('doc', former)
    const next = new Y.Doc()
    const bound = persistence.bindState('doc', next)
    release()
    await Promise.all([written, bound])
    assert.equal(textOf(next), 'on its way')
  })

  test('loading is tried again until it succeeds', async t => {
    const table = await ProxiedTable.before(t)
    const { persistence, codes } = open(t, table)
    await persistence.storeUpdate('doc', keystrokes(1)[0])
    table.rule(({ operation }) => operation === 'Query' ? deny : undefined)
    const doc = new Y.Doc()
    persistence.bindState('doc', doc)
    assert.equal(persistence.stats().bound.loading, 1)
    type(doc, ' and typed')
    // What nobody told of is stored without waiting for the table to be readable.
    await persistence.writeState('doc', doc)
    assert(persistence.stats().batches.updates >= 2)
    await until('two failures', () => codes().length >= 2)
    table.rule(() => undefined)
    await persistence.whenBound(doc)
    assert.deepEqual([...new Set(codes())], ['bindState: ERR_ACCESS'])
    assert.equal(textOf(doc).length, 'a and typed'.length)
    assert.equal(persistence.stats().bound.loading, 0)
  })

  test('what onError throws is an uncaught exception, and disturbs nothing', async t => {
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
    const { stdout } = await promisify(execFile)(process.execPath, ['--eval', program], { cwd: new URL('..', import.meta.url) })
    assert.equal(stdout.trim(), 'ERR_INVALID_UPDATE')
    assert.equal(textOf(await stored(table)), 'stored')
  })

  test('an update that is none is told, handed back and dropped; the others are stored', async t => {
    const table = new TestTable()
    const { persistence, told } = open(t, table)
    const doc = new Y.Doc()
    await persistence.bindState('doc', doc)
    doc.emit('update', [new Uint8Array([9]), null, doc])
    type(doc, 'good')
    await persistence.writeState('doc', doc)
    assert.equal(textOf(await stored(table)), 'good')
    assert.deepEqual(told.map(([error, context]) => [error.code, context]),
      [['ERR_INVALID_UPDATE', { docName: 'doc', operation: 'storeUpdate', update: new Uint8Array([9]) }]])
  })

  test('a name that no item can have is told, and nothing is tried again', async t => {
    const { persistence, told } = open(t, new TestTable())
    const name = 'n'.repeat(1_100)
    const doc = docWith('before, ')
    await persistence.bindState(name, doc)
    type(doc, 'after')
    await persistence.writeState(name, doc)
    await rejectsWith('ERR_INVALID_ARGUMENT', persistence.whenBound(doc), name)
    assert(told.every(([error]) => error.code === 'ERR_INVALID_ARGUMENT'))
    const given = told.flatMap(([, { update }]) => update ?? [])
    assert.equal(textOf(docOf(given)), 'before, after')
    await persistence.bindState(5, doc)
    await persistence.bindState('doc', {})
    await persistence.writeState('doc', undefined)
    await until('the refusals', () => told.length >= 6)
    assert(told.every(([error]) => error.code === 'ERR_INVALID_ARGUMENT'))
  })

  test('without onError nothing rejects', async t => {
    const table = await ProxiedTable.before(t)
    const persistence = table.open(t)
    table.rule(({ operation }) => ['PutItem', 'Query'].includes(operation) ? deny : undefined)
    const doc = docWith('a')
    persistence.bindState('doc', doc)
    const written = persistence.writeState('doc', doc)
    await until('two attempts to store', () => table.requests.filter(({ operation }) => operation !== 'DescribeTable').length > 2)
    table.rule(() => undefined)
    await written
  })
})

describe('whenBound', () => {
  test('rejects for a document that was never bound', async t => {
    await rejectsWith('ERR_INVALID_ARGUMENT', new TestTable().open(t).whenBound(new Y.Doc()))
  })

  test('rejects for a document that is corrupt in the table, and what is typed in it is stored', async t => {
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

  test('rejects for a document that is destroyed before it is loaded, what it held is stored, and loading ends', async t => {
    const table = await ProxiedTable.before(t)
    const { persistence } = open(t, table)
    await persistence.storeUpdate('doc', keystrokes(1)[0])
    table.rule(({ operation }) => operation === 'Query' ? deny : undefined)
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
  test('waits until what was typed is stored', async t => {
    const table = new TestTable()
    const { persistence } = open(t, table)
    const doc = new Y.Doc()
    await persistence.bindState('doc', doc)
    type(doc, 'the last words')
    await persistence.close()
    assert.equal(textOf(await stored(table)), 'the last words')
  })

  test('stores what a document held that was not loaded yet', async t => {
    const table = await ProxiedTable.before(t)
    const { persistence, codes } = open(t, table)
    await persistence.storeUpdate('doc', keystrokes(1)[0])
    table.rule(({ operation }) => operation === 'Query' ? deny : undefined)
    const doc = docWith('held')
    persistence.bindState('doc', doc)
    await until('an attempt', () => codes().length > 0)
    await persistence.close()
    await rejectsWith('ERR_CLOSED', persistence.whenBound(doc), 'doc')
    table.rule(() => undefined)
    assert.match(textOf(await stored(table)), /held/)
  })

  test('ends on a table that goes on failing, and hands back what was not stored', async t => {
    const table = await ProxiedTable.before(t)
    const { persistence, told } = open(t, table)
    const docs = [new Y.Doc(), new Y.Doc()]
    await Promise.all(docs.map((doc, i) => persistence.bindState(`doc${i}`, doc)))
    table.rule(({ operation }) => operation === 'PutItem' ? deny : undefined)
    for (const doc of docs) for (const letter of 'not stored') type(doc, letter)
    await until('a refusal of each', () => new Set(told.map(([, { docName }]) => docName)).size === 2)
    const written = Promise.all(docs.map((doc, i) => persistence.writeState(`doc${i}`, doc)))
    await persistence.close()
    await written
    const given = told.filter(([, { update }]) => update !== undefined)
    assert.deepEqual(given.map(([error, { docName, operation, update }]) => [error.code, docName, operation, textOf(docOf([update]))]).sort(),
      docs.map((_, i) => ['ERR_ACCESS', `doc${i}`, 'close', 'not stored']))
  })

  test('what is typed afterwards is told and handed back; a document bound afterwards is refused', async t => {
    const { persistence, told, codes } = open(t, new TestTable())
    const doc = new Y.Doc()
    await persistence.bindState('doc', doc)
    await persistence.close()
    type(doc, 'late')
    const late = docWith('late')
    await persistence.bindState('late', late)
    await persistence.writeState('late', late)
    await rejectsWith('ERR_CLOSED', persistence.whenBound(late))
    await until('the refusals', () => told.length >= 3)
    assert.deepEqual(codes(), ['storeUpdate: ERR_CLOSED', 'bindState: ERR_CLOSED', 'bindState: ERR_CLOSED'])
    assert.equal(textOf(docOf([told[0][1].update])), 'late')
  })
})

/** Three clients that type, delete and meet now and then. */
const turmoil = (round, edit) => {
  const docs = [1, 2, 3].map(clientID => Object.assign(new Y.Doc({ gc: round % 2 === 0 }), { clientID: clientID * 1_000 + round }))
  for (let turn = 0; turn < 40; turn++) {
    const doc = docs[turn % 3]
    edit(doc, turn)
    if (turn % 5 === 0) for (const other of docs) Y.applyUpdate(other, Y.encodeStateAsUpdate(doc))
  }
  return docs
}

const editText = (doc, turn) => {
  const text = doc.getText('text')
  if (turn % 4 === 3 && text.length > 2) text.delete(turn % (text.length - 1), 2)
  else text.insert((turn * 7) % (text.length + 1), `${turn}😀`)
}

const editAll = (doc, turn) => {
  editText(doc, turn)
  doc.getMap('map').set(`key${turn % 5}`, { turn })
  if (turn % 3 === 0) doc.getArray('array').insert(0, [new Y.Map(), turn])
  else if (doc.getArray('array').length > 3) doc.getArray('array').delete(1, 2)
}

test('whatever a document went through, one that equals the table writes nothing', async t => {
  const persistence = new TestTable().open(t, { compactionItems: 5 })
  const writesOf = async (docName, round) => {
    const doc = await persistence.getYDoc(docName, { gc: round % 3 === 0 })
    const before = persistence.stats().batches.updates
    await persistence.bindState(docName, doc)
    await persistence.writeState(docName, doc)
    return persistence.stats().batches.updates - before
  }
  for (let round = 0; round < 12; round++) {
    for (const [kind, edit] of Object.entries({ text: editText, all: editAll })) {
      const docName = `${kind}${round}`
      for (const doc of turmoil(round, edit)) await persistence.storeUpdate(docName, Y.encodeStateAsUpdate(doc))
      // Where clients set one key at once, a document deletes what lost: the table lacks that once.
      const first = await writesOf(docName, round)
      assert(kind === 'text' ? first === 0 : first <= 1, `${docName}: ${first}`)
      assert.equal(await writesOf(docName, round), 0, docName)
    }
  }
})

test('maps and texts of several clients come back as they were', async t => {
  const table = new TestTable()
  const { persistence } = open(t, table)
  const doc = new Y.Doc()
  await persistence.bindState('doc', doc)
  for (const clientID of [7, 8]) {
    for (const update of updatesOf(clientID, other => other.getMap('map').set(`of ${clientID}`, clientID))) Y.applyUpdate(doc, update, 'a client')
  }
  await persistence.writeState('doc', doc)
  assert.deepEqual(mapOf(await stored(table)), { 'of 7': 7, 'of 8': 8 })
})
