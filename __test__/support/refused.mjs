import assert from 'node:assert/strict'
import { DynamoDbPersistence } from './dynamodb.mjs'

const { PersistenceError } = DynamoDbPersistence

/** No persistence is made with `config`, and the message has all of `words`. @returns the error */
export function refuses(config, ...words) {
  let refused
  assert.throws(
    () => DynamoDbPersistence(config),
    error => {
      assert(error instanceof PersistenceError)
      assert.equal(error.code, 'ERR_INVALID_ARGUMENT')
      for (const word of words) assert(error.message.includes(word), error.message)
      refused = error
      return true
    }
  )
  return refused
}
