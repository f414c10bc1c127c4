/**
 * `onError` gets a rejection that nobody handles, exactly once, and no other. Listens on the process in place of the test
 * runner.
 */
import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { TestTable, onceOnly } from '../support/dynamodb.mjs'
import { rejectsWith } from '../support/errors.mjs'
import { keystrokes, textOf } from '../support/documents.mjs'

const [update] = keystrokes(1)
const BAD = Uint8Array.of(1, 2, 3)
const sleep = ms => new Promise(resolve => setTimeout(resolve, ms))

describe('with onError', onceOnly, () => {
  let reports, unhandled, listeners

  /** Waits until something was reported, and a little longer. */
  async function untilReported() {
    for (let i = 0; i < 500 && reports.length + unhandled.length === 0; i++) await sleep(10)
    await sleep(30)
  }

  beforeEach(() => {
    reports = []
    unhandled = []
    // The test runner's own listeners would fail the test.
    listeners = process.listeners('unhandledRejection')
    process.removeAllListeners('unhandledRejection')
    process.on('unhandledRejection', reason => unhandled.push(reason))
  })

  afterEach(() => {
    process.removeAllListeners('unhandledRejection')
    for (const listener of listeners) process.on('unhandledRejection', listener)
  })

  function open(t) {
    return new TestTable().open(t, { onError: (error, context) => reports.push([error.code, context]) })
  }

  const handled = {
    'await': async promise => {
      try {
        await promise
      } catch {
        // handled
      }
    },
    'catch at once': promise => promise.catch(() => {}),
    'then with two functions': promise =>
      promise.then(
        () => {},
        () => {}
      ),
    'then and catch': promise => promise.then(() => {}).catch(() => {}),
    'finally and catch': promise => promise.finally(() => {}).catch(() => {}),
    'catch some microtasks later': async promise => {
      for (let i = 0; i < 100; i++) await null
      promise.catch(() => {})
    },
    'Promise.all': promise => Promise.all([promise]).catch(() => {}),
    'Promise.allSettled': promise => Promise.allSettled([promise]),
    'Promise.race': promise => Promise.race([promise]).catch(() => {}),
    'an async function that returns it': promise => (async () => promise)().catch(() => {}),
    'an await deep inside': promise =>
      (async () =>
        (async () => {
          await promise
        })())().catch(() => {})
  }
  const calls = {
    'refused at once': persistence => persistence.storeUpdate(7, update),
    'refused later': persistence => persistence.storeUpdate('doc', BAD)
  }
  for (const [what, handle] of Object.entries(handled)) {
    for (const [when, call] of Object.entries(calls)) {
      test(`a handled rejection is not reported: ${what}, ${when}`, async t => {
        await handle(call(open(t)))
        await sleep(30)
        assert.deepEqual([reports, unhandled], [[], []])
      })
    }
  }

  const forgotten = {
    'not awaited': () => {},
    'then with one function': promise => {
      promise.then(() => {})
    },
    'finally': promise => {
      promise.finally(() => {})
    },
    'then, then': promise => {
      promise.then(() => {}).then(() => {})
    }
  }
  for (const [what, forget] of Object.entries(forgotten)) {
    for (const [when, call] of Object.entries(calls)) {
      test(`an unhandled rejection is reported once: ${what}, ${when}`, async t => {
        forget(call(open(t)))
        await untilReported()
        const [code, docName] =
          when === 'refused at once' ? ['ERR_INVALID_ARGUMENT', 7] : ['ERR_INVALID_UPDATE', 'doc']
        assert.deepEqual(reports, [[code, { docName, operation: 'storeUpdate' }]])
        assert.deepEqual(unhandled, [])
      })
    }
  }

  test("an error of the caller's own function stays Node's to report", async t => {
    const mine = new Error('mine')
    void open(t)
      .storeUpdate('doc', update)
      .then(() => {
        throw mine
      })
    await untilReported()
    assert.deepEqual([reports, unhandled], [[], [mine]])
  })

  test('the promises behave like others', async t => {
    const persistence = open(t)
    const promise = persistence.storeUpdate('doc', update)
    assert(promise instanceof Promise)
    assert.equal(await promise, 0)
    assert.equal(textOf(await persistence.getYDoc('doc')), 'a')
    await rejectsWith('ERR_INVALID_UPDATE', persistence.storeUpdate('doc', BAD), 'doc')
    assert.equal(await persistence.transact(() => 7), 7)
    assert.deepEqual(reports, [])
  })

  test('transact and close are reported too', async t => {
    const persistence = open(t)
    void persistence.transact()
    await persistence.close()
    void persistence.getAllDocNames()
    await untilReported()
    assert.deepEqual(reports, [
      ['ERR_INVALID_ARGUMENT', { docName: undefined, operation: 'transact' }],
      ['ERR_CLOSED', { docName: undefined, operation: 'getAllDocNames' }]
    ])
  })
})

test('without onError a rejection that nobody handles is an unhandledRejection', onceOnly, async t => {
  const listeners = process.listeners('unhandledRejection')
  process.removeAllListeners('unhandledRejection')
  const unhandled = []
  process.on('unhandledRejection', reason => unhandled.push(reason.code))
  try {
    void new TestTable().open(t).storeUpdate('doc', BAD)
    for (let i = 0; i < 500 && unhandled.length === 0; i++) await sleep(10)
  } finally {
    process.removeAllListeners('unhandledRejection')
    for (const listener of listeners) process.on('unhandledRejection', listener)
  }
  assert.deepEqual(unhandled, ['ERR_INVALID_UPDATE'])
})
