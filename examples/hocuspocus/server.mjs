/**
 * A Hocuspocus server that stores its documents. On SIGTERM, SIGINT and SIGQUIT the server stores everything and ends.
 *
 *   TABLE=docs AWS_REGION=eu-central-1 PORT=1234 node server.mjs         on AWS
 *   TABLE=docs ENDPOINT=file:./docs.db AWS_REGION=local node server.mjs  on the embedded DynamoDB
 *
 * npm install y-dynamodb yjs @hocuspocus/server@3
 */
import { Server } from '@hocuspocus/server'
import { DynamoDB } from 'y-dynamodb/hocuspocus'

const { TABLE = 'docs', ENDPOINT, AWS_REGION, PORT = '1234' } = process.env

const server = new Server({
  port: Number(PORT),
  extensions: [
    new DynamoDB({
      tableName: TABLE,
      aws: { region: AWS_REGION, endpoint: ENDPOINT },
      onError: (error, { docName, operation }) => {
        console.error(docName, operation, error.code, error.message)
        if (error.code === 'ERR_CLEARED') server.hocuspocus.closeConnections(docName)
      }
    })
  ]
})
await server.listen()
