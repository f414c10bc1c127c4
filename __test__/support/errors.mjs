import assert from 'node:assert/strict'
import { DynamoDbPersistence } from './dynamodb.mjs'

/** Asserts that a promise rejects with a PersistenceError of this code. @returns the error */
export async function rejectsWith(code, promise, docName) {
  assert(promise instanceof Promise, 'a call gives a promise')
  let error
  await promise.then(
    value => assert.fail(`resolved with ${value}`),
    reason => {
      error = reason
    }
  )
  assert(error instanceof DynamoDbPersistence.PersistenceError, `not a PersistenceError: ${error?.stack}`)
  assert.equal(error.code, code, error.stack)
  assert.equal(error.name, 'PersistenceError')
  if (docName !== undefined) assert.equal(error.docName, docName)
  return error
}
