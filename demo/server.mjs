/**
 * The demo: a y-websocket server that persists on the embedded DynamoDB, and a page to type in.
 *
 * PORT (default 1234; 0 takes a free one), HOST (default localhost), DEMO_FILE (default demo/demo.db).
 * Started as a child process it sends `{ port }` to its parent.
 */
import fs from 'node:fs'
import http from 'node:http'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { WebSocketServer } from 'ws'
import { docNameOf, pathOf, persist, refuse } from '../examples/y-websocket/persist.mjs'
import DynamoDbPersistence from '../index.mjs'
import { stored } from './stored.mjs'

const PAGE = fileURLToPath(new URL('page/', import.meta.url))
const FILE = process.env.DEMO_FILE ?? path.join('demo', 'demo.db')
const HOST = process.env.HOST ?? 'localhost'
const PORT = Number(process.env.PORT ?? 1234)
const TABLE = 'demo'
const REPORT_EVERY_MS = 3_000

const say = text => process.stdout.write(`${text}\n`)
const persistence = DynamoDbPersistence({ tableName: TABLE, aws: { region: 'local', endpoint: `file:${FILE}` } })
const { connect, writer } = persist(persistence, (error, docName) => say(`${docName}: ${error.code}: ${error.message}`))

const bundle = await build({
  entryPoints: [path.join(PAGE, 'main.js')], bundle: true, format: 'esm', minify: true, write: false, logLevel: 'warning'
})
const FILES = {
  '/': ['text/html; charset=utf-8', fs.readFileSync(path.join(PAGE, 'index.html'))],
  '/main.js': ['text/javascript; charset=utf-8', bundle.outputFiles[0].contents]
}

/** What lies in the table, and how many updates are still on their way to it. */
const report = async () => ({ waiting: writer.waiting, documents: await stored(persistence, TABLE) })

const server = http.createServer(async (request, response) => {
  const asked = pathOf(request)
  if (asked === undefined) return response.writeHead(400).end()
  const page = `/${asked}`
  try {
    const [type, body] = page === '/stored' ? ['application/json', JSON.stringify(await report())] : FILES[page] ?? []
    if (!body) return response.writeHead(404).end()
    response.writeHead(200, { 'content-type': type, 'cache-control': 'no-store' }).end(body)
  } catch (error) {
    say(`${page}: ${error.message}`)
    response.writeHead(500).end()
  }
})

/** Other pages of the same browser have no business here. */
const isOwnPage = ({ headers: { origin, host } }) => !origin || origin.split('://')[1] === host

const wss = new WebSocketServer({ noServer: true })
server.on('upgrade', (request, socket, head) => {
  const docName = docNameOf(request)
  if (docName === undefined) return refuse(socket, 400)
  if (!isOwnPage(request)) return refuse(socket, 403)
  connect(wss, request, socket, head, docName)
})

server.on('error', error => {
  const isTaken = error.code === 'EADDRINUSE'
  process.stderr.write(isTaken
    ? `Port ${PORT} is in use. Choose another one: PORT=${PORT + 1} npm run demo\n`
    : `The server cannot listen on ${HOST}:${PORT}: ${error.message}\n`)
  process.exit(1)
})

const summary = async () => {
  const documents = await stored(persistence, TABLE)
  const sum = field => documents.reduce((total, document) => total + document[field], 0)
  return `stored: ${documents.length} documents, ${sum('items')} items, ${sum('bytes').toLocaleString('en')} bytes`
}

server.listen(PORT, HOST, async () => {
  const { port } = server.address()
  process.send?.({ port })
  say(`\n  Type in two tabs: http://${HOST}:${port}`)
  say(`  y-websocket:      ws://${HOST}:${port}/NAME`)
  say(`  DynamoDB:         the embedded one, in ${path.resolve(FILE)}; delete it to start anew`)
  say('  Stop: Ctrl+C\n')
  let last
  const tell = async () => {
    const now = await summary().catch(error => `stored: ${error.message}`)
    if (now !== last) say(now)
    last = now
  }
  await tell()
  setInterval(tell, REPORT_EVERY_MS).unref()
})

const stop = async () => {
  server.close()
  wss.clients.forEach(client => client.terminate())
  await writer.settled()
  say(await summary())
  await persistence.close()
  process.exit(0)
}
process.once('SIGINT', stop)
process.once('SIGTERM', stop)
