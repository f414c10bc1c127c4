/**
 * The demo: a y-websocket server that persists in the embedded DynamoDB, and the page with the editor.
 *
 * PORT (default 1234; 0 takes a free one), HOST (default localhost), DEMO_FILE (default examples/demo/demo.db); WRITE_PRICE (0.625)
 * and READ_PRICE (0.125) of a million units, see docs/COST.md. Started as a child process it sends `{ port }` to its parent.
 */
import http from 'node:http'
import path from 'node:path'
import { WebSocketServer } from 'ws'
import { buildPage } from './editor/build.mjs'
import { pathOf, persist, refuse } from '../y-websocket/persist.mjs'
import { Observer } from './observer.mjs'
import { PersistencePerDocument } from './persistences.mjs'

/** The number in an environment variable, or the fallback. */
const numberOf = (name, fallback, most = Infinity) => {
  const number = Number(process.env[name] ?? fallback)
  if (number >= 0 && number <= most) return number
  process.stderr.write(`${name} is not a number from 0 to ${most}: ${process.env[name]}\n`)
  process.exit(1)
}

const FILE = process.env.DEMO_FILE ?? path.join('examples', 'demo', 'demo.db')
const HOST = process.env.HOST ?? 'localhost'
const PORT = numberOf('PORT', 1_234, 65_535)
const PRICES = { write: numberOf('WRITE_PRICE', 0.625), read: numberOf('READ_PRICE', 0.125) }
const REPORT_EVERY_MS = 3_000
const JSON_TYPE = 'application/json'
const HEADERS = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  // Scripts only from this server. Images from anywhere: pasted text can contain them.
  'content-security-policy': "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src * data:"
}

const say = text => process.stdout.write(`${text}\n`)
const config = { tableName: 'demo', aws: { region: 'local', endpoint: `file:${FILE}` } }
const reportError = (error, docName) => say(`${docName}: ${error.code}: ${error.message}`)
const persistences = new PersistencePerDocument({
  ...config,
  onError: (error, { docName }) => reportError(error, docName)
})
const { connect, writer } = persist(persistences, reportError)
const observer = new Observer(persistences, config, PRICES)
const page = await buildPage()

/** What the table holds: of one document for the panel, or of all documents. */
const report = async docName =>
  docName === null ? { documents: await observer.all() } : observer.report(docName)

/** `{ type, body }`, or undefined. Every path that is not `stored` or `assets/…` is the name of a document. */
const answer = async (asked, query) => {
  if (asked === 'stored') return { type: JSON_TYPE, body: JSON.stringify(await report(query.get('doc'))) }
  return asked.startsWith('assets/') ? page.get(asked) : page.get('index.html')
}

/** The query of a request whose path is well-formed. */
const queryOf = request => new URL(request.url, 'http://localhost').searchParams

const server = http.createServer(async (request, response) => {
  const asked = pathOf(request)
  if (asked === undefined) return response.writeHead(400).end()
  try {
    const { type, body } = (await answer(asked, queryOf(request))) ?? {}
    if (body === undefined) return response.writeHead(404).end()
    response.writeHead(200, { ...HEADERS, 'content-type': type }).end(body)
  } catch (error) {
    say(`/${asked}: ${error.message}`)
    response
      .writeHead(error.code === 'ERR_INVALID_ARGUMENT' ? 400 : 500, { ...HEADERS, 'content-type': JSON_TYPE })
      .end(JSON.stringify({ code: error.code }))
  }
})

/** Whether a websocket comes from a page of this server, or from no page. Other pages in the browser are refused. */
const isOwnPage = ({ headers: { origin, host } }) => !origin || origin.split('://')[1] === host

const wss = new WebSocketServer({ noServer: true })
server.on('upgrade', (request, socket, head) => {
  const asked = pathOf(request)
  const docName = asked === '' ? queryOf(request).get('doc') : asked
  if (!docName) return refuse(socket, 400)
  if (!isOwnPage(request)) return refuse(socket, 403)
  connect(wss, request, socket, head, docName)
})

server.on('error', error => {
  const isTaken = error.code === 'EADDRINUSE'
  process.stderr.write(
    isTaken
      ? `Port ${PORT} is in use. Choose another one: PORT=${PORT + 1} npm run demo\n`
      : `The server cannot listen on ${HOST}:${PORT}: ${error.message}\n`
  )
  process.exit(1)
})

const summary = async () => {
  const documents = await observer.all()
  const sum = field => documents.reduce((total, document) => total + document[field], 0)
  return `stored: ${documents.length} documents, ${sum('items')} items, ${sum('bytes').toLocaleString('en')} bytes`
}

server.listen(PORT, HOST, async () => {
  const { port } = server.address()
  process.send?.({ port })
  say(`\n  Open in two tabs: http://${HOST}:${port}  (another document: http://${HOST}:${port}/NAME)`)
  say(`  y-websocket:      ws://${HOST}:${port}/NAME`)
  say(`  DynamoDB:         embedded, in ${path.resolve(FILE)} (delete the file to start again)`)
  say('  Stop: Ctrl+C\n')
  let last
  const printSummary = async () => {
    if (!observer.takeChanged()) return
    const now = await summary().catch(error => `stored: ${error.message}`)
    if (now !== last) say(now)
    last = now
  }
  await printSummary()
  setInterval(printSummary, REPORT_EVERY_MS).unref()
})

const stop = async () => {
  server.close()
  wss.clients.forEach(client => client.terminate())
  await writer.settled()
  say(await summary())
  await observer.close()
  await persistences.close()
  process.exit(0)
}
process.once('SIGINT', stop)
process.once('SIGTERM', stop)
