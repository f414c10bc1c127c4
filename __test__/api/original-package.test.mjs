/**
 * The original package itself on tables with open items, in both directions: before, after and between our keystrokes. It reads
 * everything exactly, and nothing that either of them acknowledged is lost.
 *
 * The original is not on npm. `ORIGINAL` is the path of its module (CONTRIBUTING.md).
 */
import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { describe, test } from 'node:test'
import { CREDENTIALS, REGION } from '../support/dynamodb.mjs'
import { Y, docOf, keystrokes, textOf } from '../support/documents.mjs'
import { readSortKey, sortKey } from '../support/format.mjs'
import { ProxiedTable, answer } from '../support/proxy.mjs'

const { ORIGINAL } = process.env
const skip = ORIGINAL === undefined && "needs ORIGINAL, the path of the original package's module"
const Original = ORIGINAL && createRequire(import.meta.url)(ORIGINAL)

/** A test that needs the original. */
const theirTest = (name, run) => test(name, { skip }, run)

const updates = keystrokes(40)
const theirs = keystrokes(10, { clientID: 2, text: 'XYZ' })
const others = keystrokes(10, { clientID: 3, text: '.' })

/** An empty table, a persistence of the original on it, and ways to open ours. */
async function both(t) {
  const table = await ProxiedTable.before(t)
  await table.create()
  const original = Original({
    tableName: table.tableName,
    skipCreateTable: true,
    aws: { region: REGION, endpoint: table.endpoint, ...CREDENTIALS }
  })
  const open = more => table.open(t, { compactionItems: 0, ...more })
  return { table, original, open }
}

async function store(persistence, updates) {
  for (const update of updates) await persistence.storeUpdate('doc', update)
}

/** Checks what both packages read. */
async function holds(expected, { original, open }) {
  const doc = docOf(expected)
  const reader = open()
  assert.equal(textOf(await reader.getYDoc('doc')), textOf(doc))
  assert.deepEqual(await reader.getStateVector('doc'), Y.encodeStateVector(doc))
  await reader.close()
  assert.equal(textOf(await original.getYDoc('doc')), textOf(doc))
  assert.equal(textOf(docOf([await original.getDiff('doc')])), textOf(doc))
}

const openItems = async table => (await table.items('doc')).filter(({ attributes }) => attributes.version)
const stateVectorItem = async table =>
  (await table.items('doc')).find(({ key }) => key.equals(sortKey(['v1_sv', 'doc'])))
const clocks = async table =>
  (await table.items('doc'))
    .map(({ key }) => readSortKey(key))
    .filter(([, , kind]) => kind === 'update')
    .map(([, , , clock]) => clock)

describe('the original package on a table with open items', () => {
  theirTest('reads them exactly, also those of two processes', async t => {
    const all = await both(t)
    await Promise.all([store(all.open(), updates), store(all.open(), others)])
    assert.equal((await openItems(all.table)).length, 2)
    await holds([...updates, ...others], all)
  })

  theirTest('appends between keystrokes, before and after its own', async t => {
    const all = await both(t)
    const persistence = all.open()
    await store(all.original, theirs.slice(0, 1))
    for (let i = 0; i < 9; i++) {
      await store(persistence, updates.slice(4 * i, 4 * i + 4))
      await store(all.original, theirs.slice(i + 1, i + 2))
      await holds([...updates.slice(0, 4 * i + 4), ...theirs.slice(0, i + 2)], all)
    }
    assert.equal(
      (await openItems(all.table)).length,
      1,
      'the item grows on, before what the original appended'
    )
    assert.deepEqual(
      await clocks(all.table),
      Array.from({ length: 11 }, (_, i) => i)
    )
  })

  theirTest('stop, switch, go back: each continues what the other one left', async t => {
    const all = await both(t)
    const first = all.open()
    await store(first, updates.slice(0, 20))
    await first.close()
    await store(all.original, theirs.slice(0, 5))
    await holds([...updates.slice(0, 20), ...theirs.slice(0, 5)], all)
    const second = all.open()
    await store(second, updates.slice(20))
    await second.flushDocument('doc')
    await store(second, others)
    await second.close()
    await holds([...updates, ...theirs.slice(0, 5), ...others], all)
    await store(all.original, theirs.slice(5))
    await all.original.flushDocument('doc')
    await holds([...updates, ...theirs, ...others], all)
    assert.equal((await clocks(all.table)).length, 1)
  })

  for (const [when, isRunning] of [
    ['after ours has stopped', false],
    ['between two keystrokes', true]
  ]) {
    theirTest(`flushes ${when}: nothing is lost`, async t => {
      const all = await both(t)
      const persistence = all.open()
      await store(persistence, updates.slice(0, 20))
      if (!isRunning) await persistence.close()
      await all.original.flushDocument('doc')
      assert.deepEqual(await openItems(all.table), [])
      await store(isRunning ? persistence : all.open(), updates.slice(20))
      await holds(updates, all)
    })

    theirTest(`clears ${when}: nothing comes back`, async t => {
      const all = await both(t)
      const persistence = all.open()
      await store(persistence, updates)
      if (!isRunning) await persistence.close()
      await all.original.clearDocument('doc')
      assert.deepEqual(await all.table.items('doc'), [])
      await store(isRunning ? persistence : all.open(), others)
      await holds(others, all)
    })
  }

  // docs/FORMAT.md, Together with the original package: never run both at the same time.
  theirTest('a keystroke between the read and the delete of its flush is lost', async t => {
    const all = await both(t)
    const persistence = all.table.behind.open(t, { compactionItems: 0 })
    await store(persistence, updates.slice(0, 20))
    let isRead = false
    all.table.rule(({ operation }) => {
      if (operation !== 'PutItem' || isRead) return undefined
      isRead = true
      return async ({ response, forward }) => {
        assert.equal(await persistence.storeUpdate('doc', others[0]), 0, 'the item grows')
        answer(response, await forward())
      }
    })
    await all.original.flushDocument('doc')
    assert(isRead)
    all.table.rule(() => undefined)
    await store(persistence, updates.slice(20))
    await holds(updates, all)
  })
})

describe('the state vector of the original package', () => {
  const isRight = async (expected, original) =>
    assert.deepEqual(
      Y.decodeStateVector(await original.getStateVector('doc')),
      Y.decodeStateVector(Y.encodeStateVector(docOf(expected)))
    )

  theirTest(
    'is computed while an open item of another process remains, also if there was an item',
    async t => {
      const { table, original, open } = await both(t)
      const typing = open()
      await store(typing, updates.slice(0, 10))
      await open().flushDocument('doc')
      assert.equal(await stateVectorItem(table), undefined)
      await store(typing, updates.slice(10, 20))
      assert.equal((await openItems(table)).length, 1)
      await isRight(updates.slice(0, 20), original)
    }
  )

  theirTest('is the one of a flush that closes the open item, until the next keystroke', async t => {
    const { table, original, open } = await both(t)
    const typing = open()
    await store(typing, updates.slice(0, 10))
    await typing.flushDocument('doc')
    assert.notEqual(await stateVectorItem(table), undefined)
    await isRight(updates.slice(0, 10), original)
    await store(typing, updates.slice(10, 20))
    await isRight(updates.slice(0, 20), original)
  })

  theirTest('is right after all have stopped and one process has flushed', async t => {
    const { table, original, open } = await both(t)
    const processes = [open(), open()]
    await store(processes[0], updates)
    await store(processes[1], others)
    for (const persistence of processes) await persistence.close()
    await open().flushDocument('doc')
    assert.notEqual(await stateVectorItem(table), undefined)
    const before = table.requests.length
    await isRight([...updates, ...others], original)
    const sent = table.requests.slice(before).map(({ operation }) => operation)
    assert(!sent.includes('PutItem'), 'the item was used')
  })
})
