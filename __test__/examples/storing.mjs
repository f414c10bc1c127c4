/** A process that stores one update and sends the outcome to its parent. */
import DynamoDbPersistence from 'y-dynamodb'

const persistence = DynamoDbPersistence(JSON.parse(process.argv[2]))
const outcome = await persistence.storeUpdate('doc', Uint8Array.of(1, 1, 1, 0, 4, 1, 1, 116, 1, 104, 0)).then(
  clock => ({ clock }),
  ({ code }) => ({ code })
)
process.send(outcome, () => process.disconnect())
