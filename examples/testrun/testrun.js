'use strict'

/**
 * Runs the main calls on DynamoDB Local. Start DynamoDB Local first:
 *
 *   docker-compose -f examples/testrun/docker-compose-dynamodb-local.yml up
 *   node examples/testrun/testrun
 *   aws dynamodb scan --table-name test-y-dynamodb --endpoint-url http://localhost:8000 --region us-west-2
 *
 * Environment: ENDPOINT (default http://localhost:8000), AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (default local),
 * OPERATION_TIMEOUT_MS (how long a call may take; default 30,000).
 */
const DynamoDbPersistence = require('../../index.cjs')
const Y = require('yjs')

const {
  ENDPOINT = 'http://localhost:8000',
  AWS_ACCESS_KEY_ID = 'local',
  AWS_SECRET_ACCESS_KEY = 'local',
  OPERATION_TIMEOUT_MS
} = process.env

const persistence = DynamoDbPersistence({
  aws: {
    region: 'us-west-2',
    endpoint: ENDPOINT,
    accessKeyId: AWS_ACCESS_KEY_ID,
    secretAccessKey: AWS_SECRET_ACCESS_KEY,
    operationTimeoutMs: OPERATION_TIMEOUT_MS ? Number(OPERATION_TIMEOUT_MS) : undefined
  },
  tableName: 'test-y-dynamodb'
})

const show = async (docName, when) => {
  const doc = await persistence.getYDoc(docName)
  console.log(`${docName} ${when}:`, doc.getArray('arr').toArray())
}

const docWith = numbers => {
  const doc = new Y.Doc()
  doc.getArray('arr').insert(0, numbers)
  return doc
}

const main = async () => {
  await persistence.clearDocument('my-doc')
  await persistence.clearDocument('my-doc2')

  // Not awaited: calls on one document take effect in call order.
  const stores = [
    persistence.storeUpdate('my-doc', Y.encodeStateAsUpdate(docWith([1, 2, 3]))),
    persistence.storeUpdate('my-doc2', Y.encodeStateAsUpdate(docWith([4, 5, 6])))
  ]
  await show('my-doc', 'stored') // [1, 2, 3]
  await show('my-doc2', 'stored') // [4, 5, 6]
  console.log('log clocks:', await Promise.all(stores)) // [0, 0]

  const peer = docWith([])
  Y.applyUpdate(peer, await persistence.getDiff('my-doc', await persistence.getStateVector('my-doc')))
  console.log('diff for an up-to-date peer:', peer.getArray('arr').toArray()) // []

  await persistence.setMeta('my-doc2', 'title', 'Numbers')
  console.log('metas of my-doc2:', await persistence.getMetas('my-doc2'))

  await persistence.clearDocument('my-doc')
  await show('my-doc', 'cleared') // []
  console.log('left in the table:', await persistence.getAllDocNames()) // ['my-doc2']
  await persistence.close()
}

main().catch(error => {
  console.error(`${error.code ?? error.name}: ${error.message}`)
  process.exitCode = 1
})
