/** What calls use of the event loop, and that nothing is left after them. */
import assert from 'node:assert/strict'
import { createHook } from 'node:async_hooks'
import { createRequire } from 'node:module'
import { describe, test } from 'node:test'
import { setImmediate as turn, setTimeout as delay } from 'node:timers/promises'
import { CREDENTIALS, DynamoDbPersistence, REGION, TestTable, onceOnly } from '../support/dynamodb.mjs'
import { rejectsWith } from '../support/errors.mjs'
import { keystrokes, textOf } from '../support/documents.mjs'
import { ProxiedTable, delay as answerAfter, pageOf } from '../support/proxy.mjs'
import { run } from '../support/program.mjs'

const { Addon } = createRequire(import.meta.url)('../../lib/addon.js')
const { normalise } = createRequire(import.meta.url)('../../lib/config.js')
const [update] = keystrokes(1)

/** The number of libuv handles that wake the loop. */
function wakeUps() {
  return process.report.getReport().libuv.filter(({ type }) => type === 'async').length
}

describe('waiting calls', onceOnly, () => {
  test('share one handle of the event loop: 1,000 calls', async t => {
    const persistence = new TestTable().open(t, { batchDelayMs: 60_000 })
    const calls = [persistence.storeUpdate('doc', update)]
    const before = wakeUps()
    while (calls.length <= 1_000) calls.push(persistence.storeUpdate('doc', update))
    assert.equal(wakeUps(), before)
    await persistence.close()
    assert.deepEqual(new Set(await Promise.all(calls)), new Set([0]))
  })

  test('are answered in several turns of the loop if they are many', async t => {
    const persistence = new TestTable().open(t, { batchDelayMs: 60_000 })
    let answered = 0
    const calls = Array.from({ length: 5_000 }, () =>
      persistence.storeUpdate('doc', update).then(() => answered++)
    )
    const closed = persistence.close()
    const perTurn = []
    for (let before = 0; before < calls.length; before = answered) {
      await turn()
      perTurn.push(answered - before)
    }
    await closed
    assert(Math.max(...perTurn) <= 2_000, `${Math.max(...perTurn)} in one turn`)
  })

  test('keep the process and their persistence alive until they are answered, without another reference', async t => {
    const table = await ProxiedTable.before(t)
    table.rule(({ operation }) => (operation === 'PutItem' ? answerAfter(700) : undefined))
    const { code, stdout } = await run(
      table.config(),
      `
      import v8 from 'node:v8'
      import vm from 'node:vm'
      v8.setFlagsFromString('--expose-gc')
      const gc = vm.runInNewContext('gc')
      const answered = []
      let own = open()
      for (const update of updates) own.storeUpdate('doc', update).then(clock => answered.push(clock))
      own = undefined
      const collecting = setInterval(gc, 50)
      collecting.unref()
      process.on('exit', () => console.log(answered.length))`
    )
    assert.deepEqual([code, stdout], [0, '100'])
    assert.equal(textOf(await table.open(t).getYDoc('doc')).length, 100)
  })
})

describe('a closed persistence', onceOnly, () => {
  test('leaves nothing in the event loop', async t => {
    const alive = new Set()
    const hook = createHook({
      init: (id, type) => {
        if (type === 'napi_rs_threadsafe_function') alive.add(id)
      },
      destroy: id => alive.delete(id)
    }).enable()
    try {
      const credentials = async () => CREDENTIALS
      const table = await ProxiedTable.before(t)
      const persistence = DynamoDbPersistence({
        tableName: table.tableName,
        aws: { region: REGION, endpoint: table.endpoint, credentials }
      })
      await persistence.storeUpdate('doc', update)
      assert.equal(alive.size, 2, 'one for the addon, one for the credentials')
      await persistence.close()
      for (let i = 0; i < 100 && alive.size > 0; i++) await delay(10)
      assert.deepEqual([...alive], [])
    } finally {
      hook.disable()
    }
  })

  test('ends a listing that began before', async t => {
    const table = await ProxiedTable.before(t)
    table.rule(({ operation }) => (operation === 'Scan' ? pageOf(1) : undefined))
    const persistence = table.open(t)
    for (const doc of ['a', 'b', 'c']) await persistence.storeUpdate(doc, update)
    const names = persistence.docNames()
    const states = persistence.docStateVectors()
    assert.equal((await names.next()).done, false)
    assert.equal((await states.next()).done, false)
    await persistence.close()
    await rejectsWith('ERR_CLOSED', names.next())
    await rejectsWith('ERR_CLOSED', states.next())
  })
})

test('the updates of a long log are passed in slices', onceOnly, async () => {
  const { options } = normalise(new TestTable().config({ compactionItems: 0 }))
  const addon = new Addon(options, undefined, () => {})
  const updates = keystrokes(1_200)
  // Outside the queue each update gets an item of its own.
  for (const each of updates) await addon.callFor('doc', 'storeUpdate', each, true)
  const rest = await addon.callFor('doc', 'updates', false)
  const slices = []
  for (let slice = rest.next(); slice.length > 0; slice = rest.next()) slices.push(slice)
  await addon.close()
  assert.deepEqual(
    slices.map(slice => slice.length),
    [500, 500, 200]
  )
  assert.deepEqual(
    slices.flat().map(({ clock }) => clock),
    updates.map((_, i) => i)
  )
})
