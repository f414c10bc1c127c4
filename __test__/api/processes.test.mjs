/** Several processes on one document or one database file: no update is lost, also if one of them is killed. */
import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { TestTable } from '../support/dynamodb.mjs'
import { docOf, keys, mapOf } from '../support/documents.mjs'
import { ProxiedTable } from '../support/proxy.mjs'
import { until } from '../support/until.mjs'

const PROCESS = fileURLToPath(new URL('../support/process.mjs', import.meta.url))

/** A process that uses the table. @returns what it has done, when it ends */
function start(table, job) {
  const child = fork(PROCESS, [JSON.stringify({ config: table.config(), ...job })])
  let last
  child.on('message', message => {
    last = message
  })
  return {
    child,
    began: once(child, 'message'),
    ended: once(child, 'exit').then(([code, signal]) => ({ code, signal, last }))
  }
}

async function endWell(...processes) {
  for (const { ended } of processes) {
    const { code, signal } = await ended
    assert.deepEqual([code, signal], [0, null])
  }
}

/** 200 stores take longer than the random time before a compaction. */
const PAUSE_MS = 5

/** The head of the result of a compaction. */
const isResult = ({ operation, body }) => operation === 'PutItem' && body.Item.compacted !== undefined

const isOverwrite = ({ operation, body }) =>
  operation === 'PutItem' && Object.values(body.ExpressionAttributeNames ?? {}).includes('version')

const expected = clients =>
  mapOf(docOf(clients.flatMap(([clientID, n]) => keys(n, { clientID, prefix: `${clientID}-key` }))))

describe('two processes on one document', () => {
  for (const length of [1, 470, 989]) {
    test(
      `a name of ${length} bytes, compacted at two items: nothing is lost, and nothing comes back after a clear`,
      { timeout: 120_000 },
      async t => {
        const table = await ProxiedTable.before(t)
        const doc = 'n'.repeat(length)
        const config = table.config({ compactionItems: 2 })
        const job = { config, doc, store: 200, valueBytes: 100, await: true, pauseMs: PAUSE_MS }
        const keysIn = async () => Object.keys(mapOf(await table.open(t).getYDoc(doc))).sort()
        const keysOf = clients =>
          clients.flatMap(id => Array.from({ length: 200 }, (_, i) => `${id}-key${i}.0`)).sort()

        await endWell(...[1, 2].map(clientID => start(table, { ...job, clientID })))
        assert.deepEqual(await keysIn(), keysOf([1, 2]))
        const overwrites = table.requests.filter(isOverwrite).length
        const compacted = table.requests.filter(isResult)
        t.diagnostic(`${overwrites} overwrites, ${compacted.length} results of compactions`)
        assert(overwrites > 100, `${overwrites} overwrites`)
        assert(compacted.length > 0, 'nothing was compacted')

        const clearing = start(table, { ...job, clientID: 3 })
        // When each store ended, by the clock that all processes of the machine share.
        const ended = []
        clearing.child.on('message', message => {
          ended[message.stored - 1] = message.at
        })
        await until('some stores', () => ended.length > 20)
        const before = ended.length
        await table.open(t, { compactionItems: 2 }).clearDocument(doc)
        const cleared = Number(process.hrtime.bigint())
        await endWell(clearing)
        // The first one that began after the clear; on a busy machine there may be none.
        const last = ended.findIndex(at => at > cleared)
        const after = last < 0 ? 200 : last + 1
        const left = await keysIn()
        const isLeft = i => left.includes(`3-key${i}.0`)
        const back = Array.from({ length: before }, (_, i) => i).filter(isLeft)
        const lost = Array.from({ length: 200 - after }, (_, i) => after + i).filter(i => !isLeft(i))
        assert.deepEqual({ back, lost }, { back: [], lost: [] })
        assert.deepEqual(
          left.filter(key => !key.startsWith('3-')),
          []
        )
        t.diagnostic(`cleared between stores ${before} and ${after} of 200`)
        await endWell(start(table, { ...job, clientID: 4 }))
        assert.deepEqual(await keysIn(), [...left, ...keysOf([4])].sort())
      }
    )
  }

  test('store 300 updates each: all 600 are stored', { timeout: 120_000 }, async t => {
    const table = await ProxiedTable.before(t)
    await endWell(start(table, { store: 300, clientID: 1 }), start(table, { store: 300, clientID: 2 }))
    assert.deepEqual(
      mapOf(await table.open(t).getYDoc('doc')),
      expected([
        [1, 300],
        [2, 300]
      ])
    )
  })

  test(
    'one stores while the other flushes in a loop: all 650 updates are stored',
    { timeout: 120_000 },
    async t => {
      const table = await ProxiedTable.before(t)
      await endWell(start(table, { store: 300, clientID: 1 }))
      const flusher = start(table, { flush: true })
      await flusher.began
      const writer = start(table, { store: 350, clientID: 2, await: true })
      await endWell(writer)
      flusher.child.send('stop')
      await endWell(flusher)
      const { last } = await flusher.ended
      assert(last.flushes > 3, `${last.flushes} flushes`)
      const persistence = table.open(t)
      assert.deepEqual(
        mapOf(await persistence.getYDoc('doc')),
        expected([
          [1, 300],
          [2, 350]
        ])
      )
      await persistence.flushDocument('doc')
      assert.deepEqual(
        mapOf(await persistence.getYDoc('doc')),
        expected([
          [1, 300],
          [2, 350]
        ])
      )
    }
  )

  test('both store and flush in a loop: all updates are stored', { timeout: 120_000 }, async t => {
    const table = await ProxiedTable.before(t)
    const both = [1, 2].map(clientID => start(table, { store: 100, clientID, await: true, flushEvery: 10 }))
    await endWell(...both)
    assert.deepEqual(
      mapOf(await table.open(t).getYDoc('doc')),
      expected([
        [1, 100],
        [2, 100]
      ])
    )
  })

  test('one is killed: its acknowledged updates are stored', { timeout: 120_000 }, async t => {
    const table = await ProxiedTable.before(t)
    const writer = start(table, { store: 100_000, clientID: 1, await: true, flushEvery: 20 })
    await writer.began
    await new Promise(resolve => setTimeout(resolve, 1_500))
    writer.child.kill('SIGKILL')
    const { last } = await writer.ended
    assert(last.stored > 0)
    const map = mapOf(await table.open(t).getYDoc('doc'))
    for (let i = 0; i < last.stored; i++) assert.equal(map[`1-key${i}`], i)
  })
})

test('one process after the other on the same file', { timeout: 60_000 }, async t => {
  const folder = await mkdtemp(path.join(tmpdir(), 'y-dynamodb-'))
  t.after(() => rm(folder, { recursive: true }))
  const table = new TestTable({ endpoint: `file:${path.join(folder, 'docs.db')}` })
  await endWell(start(table, { store: 50, clientID: 1 }))
  const killed = start(table, { store: 100_000, clientID: 2, await: true })
  await killed.began
  await new Promise(resolve => setTimeout(resolve, 500))
  killed.child.kill('SIGKILL')
  const { last } = await killed.ended
  await endWell(start(table, { store: 50, clientID: 3 }))
  const map = mapOf(await table.open(t).getYDoc('doc'))
  for (const [clientID, n] of [
    [1, 50],
    [2, last.stored],
    [3, 50]
  ]) {
    for (let i = 0; i < n; i++) assert.equal(map[`${clientID}-key${i}`], i)
  }
})

test('two processes on the same file at once', { timeout: 120_000 }, async t => {
  const folder = await mkdtemp(path.join(tmpdir(), 'y-dynamodb-'))
  t.after(() => rm(folder, { recursive: true }))
  const table = new TestTable({ endpoint: `file:${path.join(folder, 'docs.db')}` })
  const both = [1, 2].map(clientID => start(table, { store: 150, clientID, await: true, flushEvery: 25 }))
  await endWell(...both)
  assert.deepEqual(
    mapOf(await table.open(t).getYDoc('doc')),
    expected([
      [1, 150],
      [2, 150]
    ])
  )
})
