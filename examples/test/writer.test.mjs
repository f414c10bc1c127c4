import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Writer } from '../writer.mjs'

/** Refuses the first `times` calls with a code. */
const failing = (times, code) => {
  const stored = []
  const storeUpdate = async (docName, update) => {
    if (times-- > 0) throw Object.assign(new Error('refused'), { code })
    stored.push([docName, update])
    return stored.length - 1
  }
  return { storeUpdate, stored }
}

test('an update that was refused for now is stored later, and reported', async () => {
  const persistence = failing(2, 'ERR_THROTTLED')
  const reported = []
  const writer = new Writer(persistence, (error, docName) => reported.push([error.code, docName]))
  writer.store('doc', new Uint8Array([0, 0]))
  assert.equal(writer.waiting, 1)
  await writer.settled('doc')
  assert.deepEqual(reported, [['ERR_THROTTLED', 'doc'], ['ERR_THROTTLED', 'doc']])
  assert.deepEqual(persistence.stored, [['doc', new Uint8Array([0, 0])]])
  assert.equal(writer.waiting, 0)
})

test('an update that can never be stored is reported once and given up', async () => {
  const persistence = failing(Infinity, 'ERR_INVALID_UPDATE')
  const reported = []
  const writer = new Writer(persistence, error => reported.push(error.code))
  await writer.store('doc', new Uint8Array([9]))
  assert.deepEqual(reported, ['ERR_INVALID_UPDATE'])
})
