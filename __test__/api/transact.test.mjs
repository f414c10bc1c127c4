/** Which calls may be made inside `transact`: those that would wait for themselves are refused, all others work. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { DynamoDbPersistence, TestTable, onceOnly } from '../support/dynamodb.mjs'
import { rejectsWith } from '../support/errors.mjs'
import { keystrokes, textOf } from '../support/documents.mjs'

const { getDynamoDbUpdates } = DynamoDbPersistence
const [update] = keystrokes(1)

/** A promise and the function that resolves it. */
function gate() {
  let open
  const opened = new Promise(resolve => {
    open = resolve
  })
  return { open, opened }
}

test('transact inside transact is refused, awaited or not, at any depth', onceOnly, async t => {
  const persistence = new TestTable().open(t)
  const inner = await persistence.transact(async () => {
    await rejectsWith(
      'ERR_INVALID_ARGUMENT',
      persistence.transact(() => 1)
    )
    await delay(5)
    const notAwaited = persistence.transact(() => 1).catch(error => error)
    await persistence.storeUpdate('doc', update).then(() =>
      rejectsWith(
        'ERR_INVALID_ARGUMENT',
        persistence.transact(() => 1)
      )
    )
    return notAwaited
  })
  assert.equal(inner.code, 'ERR_INVALID_ARGUMENT')
  assert.match(inner.message, /call it when transact has resolved/)
  assert.equal(await persistence.transact(() => 7), 7)
})

test('close inside transact is refused and closes nothing', onceOnly, async t => {
  const persistence = new TestTable().open(t)
  await persistence.transact(async () => {
    await rejectsWith('ERR_INVALID_ARGUMENT', persistence.close())
    await rejectsWith('ERR_INVALID_ARGUMENT', persistence.destroy())
  })
  assert.equal(await persistence.storeUpdate('doc', update), 0)
  await persistence.close()
})

test(
  'close called outside while a transaction runs waits for it; in the transaction it is refused all the same',
  onceOnly,
  async t => {
    const persistence = new TestTable().open(t)
    const { open, opened } = gate()
    const running = persistence.transact(async () => {
      await opened
      await rejectsWith('ERR_INVALID_ARGUMENT', persistence.close())
      return 'ended'
    })
    const closed = persistence.close()
    open()
    assert.equal(await running, 'ended')
    await closed
  }
)

test('parallel transactions are not inside each other', onceOnly, async t => {
  const persistence = new TestTable().open(t)
  const { open, opened } = gate()
  const order = []
  // The context of the first one does not extend to what began before it.
  const timer = delay(20).then(() =>
    persistence.transact(() => {
      order.push('timer')
    })
  )
  const first = persistence.transact(async () => {
    await opened
    order.push('first')
  })
  const second = persistence.transact(() => {
    order.push('second')
  })
  await delay(60)
  open()
  await Promise.all([first, second, timer])
  assert.deepEqual(order, ['first', 'second', 'timer'])
})

test(
  'what a transaction has started and left behind may call transact and close when it is over',
  onceOnly,
  async t => {
    const [persistence, other] = [new TestTable().open(t), new TestTable().open(t)]
    const { open, opened } = gate()
    const { open: endOther, opened: otherEnded } = gate()
    // Keeps AsyncLocalStorage enabled: it is disabled when no transaction runs.
    const unrelated = other.transact(() => otherEnded)
    let later
    await persistence.transact(() => {
      later = opened.then(async () => {
        assert.equal(await persistence.transact(() => 3), 3)
        await persistence.close()
      })
    })
    open()
    await later
    endOther()
    await unrelated
  }
)

test(
  'a transaction on another persistence may be inside, but not one that returns to the first',
  onceOnly,
  async t => {
    const [one, other] = [new TestTable().open(t), new TestTable().open(t)]
    const result = await one.transact(() =>
      other.transact(async () => {
        await rejectsWith(
          'ERR_INVALID_ARGUMENT',
          one.transact(() => 1)
        )
        await rejectsWith('ERR_INVALID_ARGUMENT', one.close())
        return 5
      })
    )
    assert.equal(result, 5)
  }
)

test('every other call may be awaited inside', onceOnly, async t => {
  const table = new TestTable()
  const persistence = table.open(t)
  await persistence.transact(async db => {
    assert.equal(await persistence.storeUpdate('doc', update), 0)
    assert.equal(textOf(await persistence.getYDoc('doc')), 'a')
    assert.equal((await getDynamoDbUpdates(db, table.tableName, 'doc')).length, 1)
    await persistence.setMeta('doc', 'key', 1)
    assert.equal(await persistence.getMeta('doc', 'key'), 1)
    assert.deepEqual(await persistence.getAllDocNames(), ['doc'])
    await persistence.flushDocument('doc')
    await persistence.clearAll()
  })
})
