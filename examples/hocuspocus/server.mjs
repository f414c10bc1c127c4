/**
 * A Hocuspocus server that persists.
 *
 *   TABLE=docs AWS_REGION=eu-central-1 PORT=1234 node server.mjs
 *
 * npm install y-dynamodb yjs @hocuspocus/server
 */
import { Server } from '@hocuspocus/server'
import DynamoDbPersistence from 'y-dynamodb'
import { DynamoDb } from './extension.mjs'

const { TABLE = 'docs', ENDPOINT, AWS_REGION, PORT = '1234' } = process.env

const persistence = DynamoDbPersistence({ tableName: TABLE, aws: { region: AWS_REGION, endpoint: ENDPOINT } })
const server = new Server({
  port: Number(PORT),
  extensions: [new DynamoDb(persistence, (error, docName) => console.error(docName, error.code, error.message))]
})
await server.listen()
