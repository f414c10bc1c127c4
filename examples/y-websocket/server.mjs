/**
 * A y-websocket server that stores its documents.
 *
 *   TABLE=docs AWS_REGION=eu-central-1 PORT=1234 node server.mjs         on AWS
 *   TABLE=docs ENDPOINT=file:./docs.db AWS_REGION=local node server.mjs  on the embedded DynamoDB
 *
 * npm install y-dynamodb yjs ws @y/websocket-server@0.1.1
 */
import http from 'node:http'
import { WebSocketServer } from 'ws'
import DynamoDbPersistence from 'y-dynamodb'
import { closeConnections, docNameOf, persist, refuse } from './persist.mjs'

const { TABLE = 'docs', ENDPOINT, AWS_REGION, PORT = '1234' } = process.env

const report = (error, docName) => console.error(docName, error.code, error.message)

const persistence = DynamoDbPersistence({
  tableName: TABLE,
  aws: { region: AWS_REGION, endpoint: ENDPOINT },
  onError: (error, { docName }) => {
    report(error, docName)
    if (error.code === 'ERR_CLEARED') closeConnections(docName)
  }
})
const { connect } = persist(persistence, report)

const wss = new WebSocketServer({ noServer: true })
const server = http.createServer((request, response) => response.end('y-websocket server\n'))
server.on('upgrade', (request, socket, head) => {
  // Check here whether the client may open the document.
  const docName = docNameOf(request)
  if (docName === undefined) return refuse(socket, 400)
  connect(wss, request, socket, head, docName)
})
server.listen(Number(PORT), () => console.log(`listening on port ${server.address().port}`))

let isStopping = false
const stop = async () => {
  if (isStopping) return // a second signal does not end the process before everything is stored
  isStopping = true
  server.close()
  wss.close() // refuses clients whose documents are still loading
  wss.clients.forEach(client => client.terminate())
  await persistence.close() // resolves when everything is stored, or reported to onError
  process.exit()
}
process.on('SIGINT', stop)
process.on('SIGTERM', stop)
