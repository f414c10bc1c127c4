/** Updates of hostile clients in bound documents: no change of another client is lost, and every loss is reported. */
import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { until } from '../support/until.mjs'
import { validateUpdate } from '../../entries/updates.mjs'
import { docWith, open, stored, type } from '../support/bound.mjs'
import { TestTable } from '../support/dynamodb.mjs'
import { Y, docOf, textOf } from '../support/documents.mjs'
import { receive, string, update, varUint } from '../support/hostile-client.mjs'

const require = createRequire(import.meta.url)
const yjs14 = createRequire(require.resolve('y-websocket-server-14/package.json')).resolve('yjs')
const VERSIONS = {
  'yjs 13': Y,
  'yjs 14.0.0-16': await import(pathToFileURL(yjs14.replace(/cjs$/, 'mjs'))),
  'the newest prerelease of yjs 14': await import('@y/y')
}

/** Content that Yjs reads but cannot write, each as the only item of client 1. */
const UNWRITABLE = {
  'bytes as __proto__': update(1, 1, 1, 0, 8, 1, string('p'), 1, 118, 1, string('__proto__'), 116, 1, 1, 0),
  'a subdocument without a guid': update(
    1,
    1,
    1,
    0,
    9,
    1,
    string('p'),
    string('g'),
    118,
    1,
    string('guid'),
    126,
    0
  ),
  'a deep embed': update(1, 1, 1, 0, 5, 1, string('p'), string('['.repeat(6_000) + ']'.repeat(6_000)), 0)
}

const canWrite = (yjs, bytes) => {
  const doc = new yjs.Doc()
  try {
    yjs.applyUpdate(doc, bytes)
    yjs.encodeStateAsUpdate(doc)
    return true
  } catch {
    return false
  }
}

describe('content that Yjs cannot write', () => {
  for (const [name, yjs] of Object.entries(VERSIONS)) {
    for (const [what, bytes] of Object.entries(UNWRITABLE)) {
      test(`${what} does not end the events of ${name}: later changes are stored, and it is reported once`, async t => {
        const table = new TestTable()
        const { persistence, reported } = open(t, table, { Y: yjs })
        const doc = new yjs.Doc()
        await persistence.bindState('doc', doc)
        const writer = docWith('typed afterwards')
        receive(doc, bytes, yjs)
        let events = 0
        doc.on('update', () => events++)
        yjs.applyUpdate(doc, Y.encodeStateAsUpdate(writer), 'socket')
        assert.equal(events, 1)
        await persistence.writeState('doc', doc)
        assert.equal(textOf(await stored(table)), 'typed afterwards')
        // Of what this version can write, and others cannot, the update is reported.
        const update = canWrite(yjs, bytes) ? bytes : undefined
        assert.deepEqual(
          reported.map(([{ code }, context]) => [code, { update: undefined, ...context }]),
          [['ERR_INVALID_UPDATE', { docName: 'doc', operation: 'storeUpdate', update }]]
        )
        if (update !== undefined) return
        assert.match(reported[0][0].message, /client 1, clock 0 /)
        // As the server encodes it for new clients.
        validateUpdate(yjs.encodeStateAsUpdate(doc))
      })
    }
  }

  test('is deleted in the update in which it arrived; the rest of the update is stored', async t => {
    const table = new TestTable()
    const { persistence } = open(t, table)
    const doc = new Y.Doc()
    await persistence.bindState('doc', doc)
    const events = []
    doc.on('update', bytes => events.push(bytes))
    const honest = docWith('kept')
    receive(doc, Y.mergeUpdates([Y.encodeStateAsUpdate(honest)]))
    receive(
      doc,
      update(
        1,
        2,
        1,
        0,
        8,
        1,
        string('p'),
        1,
        118,
        1,
        string('__proto__'),
        116,
        1,
        1,
        4,
        1,
        string('text'),
        string('also '),
        0
      )
    )
    assert.equal(events.length, 2)
    await persistence.writeState('doc', doc)
    assert.equal(textOf(await stored(table)), textOf(doc))
    assert.equal(textOf(doc).length, 'kept'.length + 'also '.length)
    assert.deepEqual(doc.getArray('p').toJSON(), [])
  })

  test('that an observer added is deleted too', async t => {
    const table = new TestTable()
    const { persistence, reported } = open(t, table)
    const doc = new Y.Doc()
    await persistence.bindState('doc', doc)
    doc.getText('text').observe(() => {
      if (doc.getArray('p').length === 0) receive(doc, UNWRITABLE['bytes as __proto__'])
    })
    type(doc, 'a')
    await persistence.writeState('doc', doc)
    assert.equal(textOf(await stored(table)), 'a')
    assert.equal(reported[0][0].code, 'ERR_INVALID_UPDATE')
  })

  test('that a document holds before it is bound does not end loading, and writeState and close do not reject', async t => {
    const table = new TestTable()
    const { persistence, reported } = open(t, table)
    const doc = docWith('held')
    receive(doc, UNWRITABLE['bytes as __proto__'])
    persistence.bindState('doc', doc)
    await persistence.whenBound(doc)
    type(doc, ', typed')
    await persistence.writeState('doc', doc)
    receive(doc, update(1, 1, 2, 5, 4, 1, string('text'), string('a'), 0))
    await persistence.close()
    assert.equal(textOf(await stored(table)), 'held, typed')
    assert(
      reported.length > 0 && reported.every(([{ code }]) => code !== undefined),
      reported.map(([error]) => error.message).join()
    )
  })

  test('that is not integrated does not prevent other changes from being stored', async t => {
    const table = new TestTable()
    const { persistence } = open(t, table)
    const doc = new Y.Doc()
    await persistence.bindState('doc', doc)
    type(doc, 'typed')
    receive(doc, update(1, 1, 1, 5, 5, 1, string('p'), string('['.repeat(3_000) + ']'.repeat(3_000)), 0))
    receive(doc, update(1, 1, 2, 1, 4, 1, string('text'), string('b'), 0))
    await persistence.writeState('doc', doc)
    await persistence.storeUpdate('doc', update(1, 1, 2, 0, 4, 1, string('text'), string('a'), 0))
    assert.equal((await stored(table)).getText('text').length, 'typed'.length + 2)
  })
})

test('a listener that throws does not end the events: later changes are stored, and it is reported', async t => {
  const table = new TestTable()
  const { persistence, reported } = open(t, table)
  const doc = new Y.Doc()
  const listener = () => {
    throw new Error('a listener')
  }
  doc.on('update', listener)
  await persistence.bindState('doc', doc)
  assert.throws(() => type(doc, 'a'), /a listener/)
  type(doc, 'b')
  await until('the report', () => reported.length > 0)
  doc.off('update', listener)
  let events = 0
  doc.on('update', () => events++)
  type(doc, 'c')
  assert.equal(events, 1)
  await persistence.writeState('doc', doc)
  assert.equal(textOf(await stored(table)), 'abc')
  assert.deepEqual(
    reported.map(([{ code }, { update: bytes }]) => [code, bytes]),
    [['ERR_INVALID_ARGUMENT', undefined]]
  )
})

describe('what Yjs has not integrated', () => {
  const heldBackOf = (client, clock, text) =>
    update(1, 1, varUint(client), varUint(clock), 4, 1, string('text'), string(text), 0)

  test('is stored once, however often more arrives', async t => {
    const table = new TestTable()
    const { persistence } = open(t, table)
    const sizes = []
    for (let life = 0; life < 5; life++) {
      const doc = new Y.Doc()
      await persistence.bindState('doc', doc)
      Y.applyUpdate(doc, heldBackOf(100 + life, 1, life === 0 ? 'x'.repeat(100_000) : 'a'))
      const before = persistence.stats().batches.bytesBefore
      await persistence.writeState('doc', doc)
      await persistence.writeState('doc', doc)
      sizes.push(persistence.stats().batches.bytesBefore - before)
      doc.destroy()
    }
    assert(sizes[0] > 100_000)
    assert(
      sizes.slice(1).every(size => size > 0 && size < 20),
      sizes.join()
    )
  })

  test('of one client is stored by id: before, between and after what is stored', async t => {
    const table = new TestTable()
    const { persistence } = open(t, table)
    const doc = new Y.Doc()
    await persistence.bindState('doc', doc)
    const author = new Y.Doc()
    author.clientID = 5
    const updates = []
    author.on('update', bytes => updates.push(bytes))
    for (let i = 0; i < 12; i++) type(author, i === 6 ? 'y'.repeat(10_000) : 'a')
    author.getText('text').delete(0, 1)
    const before = persistence.stats().batches.bytesBefore
    for (const i of [6, 3, 9, 4, 8, 2, 12, 11, 7, 10, 5, 1]) {
      Y.applyUpdate(doc, updates[i])
      await persistence.writeState('doc', doc)
    }
    assert(
      persistence.stats().batches.bytesBefore - before < 10_600,
      `${persistence.stats().batches.bytesBefore - before} bytes`
    )
    await persistence.storeUpdate('doc', updates[0])
    assert.equal(textOf(await stored(table)), textOf(author))
    assert.equal(textOf(docOf(updates)), textOf(author))
  })

  test('is stored as random updates arrive in any order', async t => {
    const seed = Number(process.env.SEED ?? Date.now() % 1e9)
    t.diagnostic(`SEED=${seed}`)
    let state = seed
    const random = n => {
      state = (state * 1103515245 + 12345) % 2147483648
      return Math.floor(state / 65536) % n
    }
    for (let round = 0; round < 10; round++) {
      const table = new TestTable()
      const { persistence, codes } = open(t, table)
      const authors = [1, 2, 3].map(clientID => Object.assign(new Y.Doc(), { clientID }))
      const updates = []
      for (const author of authors)
        author.on('update', (bytes, origin) => {
          if (origin !== 'other') updates.push(bytes)
        })
      for (let i = 0; i < 40; i++) {
        const author = authors[random(3)]
        const text = author.getText('text')
        if (random(4) === 0 && text.length > 2) text.delete(random(text.length - 1), 1)
        else text.insert(random(text.length + 1), 'abc'.slice(random(3)))
        if (random(3) === 0) Y.applyUpdate(authors[random(3)], Y.encodeStateAsUpdate(author), 'other')
      }
      let doc = new Y.Doc()
      await persistence.bindState('doc', doc)
      for (const left = [...updates]; left.length > 0;) {
        Y.applyUpdate(doc, left.splice(random(left.length), 1)[0])
        if (random(3) === 0) await persistence.writeState('doc', doc)
        if (random(8) > 0) continue
        await persistence.writeState('doc', doc)
        doc.destroy()
        doc = new Y.Doc()
        await persistence.bindState('doc', doc)
      }
      await persistence.writeState('doc', doc)
      assert.equal(textOf(await stored(table)), textOf(docOf(updates)))
      assert.deepEqual(codes(), [])
    }
  })
})

test('writeState waits for changes whose event a throwing listener prevented', async t => {
  const table = new TestTable()
  const { persistence } = open(t, table)
  const doc = new Y.Doc()
  doc.on('update', () => {
    throw new Error('a listener')
  })
  await persistence.bindState('doc', doc)
  for (const text of ['a', 'b']) {
    assert.throws(() => type(doc, text), /a listener/)
    await persistence.writeState('doc', doc)
    assert.equal(textOf(await stored(table)), textOf(doc))
  }
})

test('a document stays protected when it is written repeatedly', async t => {
  const table = new TestTable()
  const { persistence, reported } = open(t, table)
  const doc = new Y.Doc()
  persistence.bindState('doc', doc)
  for (let i = 0; i < 3; i++) {
    receive(doc, update(1, 1, 20 + i, 0, 8, 1, string('p'), 1, 118, 1, string('__proto__'), 116, 1, 1, 0))
    type(doc, `${i}`)
    await persistence.writeState('doc', doc)
    await delay(0)
  }
  assert.equal(textOf(await stored(table)), '012')
  assert.equal(reported.length, 3)
})
