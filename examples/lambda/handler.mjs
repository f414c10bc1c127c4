/**
 * A Lambda behind an HTTP API: a client posts what it has changed and gets what it lacks. No server, no Y.Doc: the diff
 * is made from the stored bytes.
 *
 *   POST /{doc}   body: JSON { update?: base64, stateVector?: base64 }   answer: JSON { diff: base64, clock?: number }
 *
 * Client: { update: base64(Y.encodeStateAsUpdate(doc, svOfTheServer)), stateVector: base64(Y.encodeStateVector(doc)) },
 * then Y.applyUpdate(doc, fromBase64(diff)).
 *
 * Who asks is not checked here: put an authorizer before it. The function is frozen between calls, so nothing is merged in the
 * background: call flushDocument now and then, for instance on a schedule.
 */
import DynamoDbPersistence from 'y-dynamodb'

// Made once for each instance of the function; the connection outlives the call. The table is made by the deployment.
const persistence = DynamoDbPersistence({
  tableName: process.env.TABLE,
  skipCreateTable: process.env.CREATE_TABLE !== 'yes',
  aws: { region: process.env.AWS_REGION, endpoint: process.env.ENDPOINT }
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

/** The body of a request, undefined where it is not as described above. API Gateway encodes some bodies. */
const parse = ({ body, isBase64Encoded }) => {
  try {
    const { update, stateVector } = JSON.parse(isBase64Encoded ? Buffer.from(body, 'base64') : body)
    return isBase64(update) && isBase64(stateVector) ? { update, stateVector } : undefined
  } catch {
    return undefined
  }
}

export const handler = async event => {
  const docName = event.pathParameters?.doc
  const body = parse(event)
  if (!docName || body === undefined) return answer(400, { error: 'ERR_INVALID_ARGUMENT' })
  try {
    // Awaited: after the answer a Lambda is frozen, and what is still on its way may never arrive.
    const clock = body.update && (await persistence.storeUpdate(docName, bytes(body.update)))
    const diff = await persistence.getDiff(docName, bytes(body.stateVector))
    return answer(200, { diff: Buffer.from(diff).toString('base64'), clock })
  } catch (error) {
    return answer(STATUS[error.code] ?? 500, { error: error.code ?? 'ERR_INTERNAL' })
  }
}
