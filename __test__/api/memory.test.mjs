/** Nothing of the package references a persistence after `close`: the garbage collector proves it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import v8 from 'node:v8'
import vm from 'node:vm'
import { DynamoDbPersistence, TestTable, onceOnly } from '../support/dynamodb.mjs'
import { keystrokes } from '../support/documents.mjs'

test('a closed persistence without references is collected', onceOnly, async () => {
  v8.setFlagsFromString('--expose-gc')
  const gc = vm.runInNewContext('gc')
  const use = async () => {
    const persistence = DynamoDbPersistence(new TestTable().config({ onError: () => undefined }))
    await persistence.storeUpdate('doc', keystrokes(1)[0])
    await persistence.getYDoc('doc')
    await persistence.close()
    return new WeakRef(persistence)
  }
  const gone = await use()
  for (let i = 0; i < 50 && gone.deref() !== undefined; i++) {
    await delay(20)
    gc()
  }
  assert.equal(gone.deref(), undefined)
})
