/** A server process that can be killed: `node server.mjs VERSION CONFIG PORT` sends its port to its parent. */
import { DynamoDbPersistence } from '../support/dynamodb.mjs'
import { serve } from './serving.mjs'
import { load } from './versions.mjs'

const [version, config, port] = process.argv.slice(2)
const { utils, Y } = await load(version)
const persistence = DynamoDbPersistence({ ...JSON.parse(config), Y })
process.send({ port: (await serve(utils, persistence, Number(port))).port })
