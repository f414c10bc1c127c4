/** A server in a process of its own, to be killed: `node server.mjs VERSION CONFIG PORT` tells its parent its port. */
import { DynamoDbPersistence } from '../support/engine.mjs'
import { serve } from './serving.mjs'
import { load } from './versions.mjs'

const [version, config, port] = process.argv.slice(2)
const { utils, Y } = await load(version)
const persistence = DynamoDbPersistence({ ...JSON.parse(config), Y })
process.send({ port: (await serve(utils, persistence, Number(port))).port })
