/**
 * A Lambda function behind an HTTP API. A client posts its changes and gets the updates that it lacks. The function makes no
 * `Y.Doc`: the diff is made from the stored bytes.
 *
 *   POST /{doc}   body: JSON { update?: base64, stateVector?: base64 }   answer: JSON { diff: base64, clock?: number }
 *
 * Client: { update: base64(Y.encodeStateAsUpdate(doc, svOfTheServer)), stateVector: base64(Y.encodeStateVector(doc)) },
 * then Y.applyUpdate(doc, fromBase64(diff)). After a 503 the client sends the same request again.
 *
 * The function does not check who calls it: use an authorizer. The timeout of the function must be longer than
 * OPERATION_TIMEOUT_MS.
 */
import DynamoDbPersistence from 'y-dynamodb'

const OPERATION_TIMEOUT_MS = 8_000

/** A document is merged at every hundredth item, because Lambda leaves no time for merges in the background. */
const FLUSH_EVERY = 100

// Made once for each instance of the function, so that later calls use the same connection. The deployment makes the table.
const persistence = DynamoDbPersistence({
  tableName: process.env.TABLE,
  skipCreateTable: process.env.CREATE_TABLE !== 'yes',
  compactionItems: 0,
  aws: {
    region: process.env.AWS_REGION,
    endpoint: process.env.ENDPOINT,
    operationTimeoutMs: OPERATION_TIMEOUT_MS
  }
})

const STATUS = {
  ERR_INVALID_ARGUMENT: 400,
  ERR_INVALID_UPDATE: 400,
  ERR_THROTTLED: 503,
  ERR_UNAVAILABLE: 503
}
const bytes = text => (text === undefined ? undefined : new Uint8Array(Buffer.from(text, 'base64')))
const isBase64 = text => text === undefined || (typeof text === 'string' && /^[\w+/-]*={0,2}$/.test(text))
const answer = (statusCode, body) => ({
  statusCode,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body)
})
const report = (docName, error) => console.error(docName, error.code, error.message)

/** The body of a request; undefined if it does not have the form described above. API Gateway encodes some bodies. */
const parse = ({ body, isBase64Encoded }) => {
  try {
    const { update, stateVector } = JSON.parse(isBase64Encoded ? Buffer.from(body, 'base64') : body)
    return isBase64(update) && isBase64(stateVector) ? { update, stateVector } : undefined
  } catch {
    return undefined
  }
}

/** Resolves when the update is durable. A merge that fails loses nothing, so the client still gets its answer. */
const store = async (docName, update) => {
  const clock = await persistence.storeUpdate(docName, update)
  if (clock % FLUSH_EVERY === FLUSH_EVERY - 1)
    await persistence.flushDocument(docName).catch(error => report(docName, error))
  return clock
}

export const handler = async event => {
  const docName = event.pathParameters?.doc
  const body = parse(event)
  if (!docName || body === undefined) return answer(400, { error: 'ERR_INVALID_ARGUMENT' })
  try {
    // Awaited, because Lambda freezes the process after the answer.
    const clock = body.update && (await store(docName, bytes(body.update)))
    const diff = await persistence.getDiff(docName, bytes(body.stateVector))
    return answer(200, { diff: Buffer.from(diff).toString('base64'), clock })
  } catch (error) {
    report(docName, error)
    return answer(STATUS[error.code] ?? 500, { error: error.code ?? 'ERR_INTERNAL' })
  }
}
