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

const expected = clients =>
  mapOf(docOf(clients.flatMap(([clientID, n]) => keys(n, { clientID, prefix: `${clientID}-key` }))))

describe('two processes on one document', () => {
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
