/**
 * A Lambda behind an HTTP API: a client posts what it has changed and gets what it lacks. No server, no Y.Doc: the diff
 * is made from the stored bytes.
 *
 *   POST /{doc}   body: JSON { update?: base64, stateVector?: base64 }   answer: JSON { diff: base64, clock?: number }
 *
 * Client: { update: base64(Y.encodeStateAsUpdate(doc, svOfTheServer)), stateVector: base64(Y.encodeStateVector(doc)) },
 * then Y.applyUpdate(doc, fromBase64(diff)).
 */
import DynamoDbPersistence from 'y-dynamodb'

// Made once for each instance of the function; the connection outlives the call. The table is made by the deployment.
const persistence = DynamoDbPersistence({
  tableName: process.env.TABLE,
  skipCreateTable: process.env.CREATE_TABLE !== 'yes',
  aws: { region: process.env.AWS_REGION, endpoint: process.env.ENDPOINT }
})

const STATUS = { ERR_INVALID_ARGUMENT: 400, ERR_INVALID_UPDATE: 400, ERR_THROTTLED: 503, ERR_UNAVAILABLE: 503 }
const bytes = text => text === undefined ? undefined : new Uint8Array(Buffer.from(text, 'base64'))
const answer = (statusCode, body) => ({ statusCode, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })

const parse = text => {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

export const handler = async event => {
  const docName = event.pathParameters.doc
  const body = parse(event.body)
  if (body === null) return answer(400, { error: 'the body is not JSON' })
  try {
    // Awaited: after the answer a Lambda is frozen, and what is still on its way may never arrive.
    const clock = body.update && await persistence.storeUpdate(docName, bytes(body.update))
    const diff = await persistence.getDiff(docName, bytes(body.stateVector))
    return answer(200, { diff: Buffer.from(diff).toString('base64'), clock })
  } catch (error) {
    return answer(STATUS[error.code] ?? 500, { error: error.code ?? 'ERR_INTERNAL' })
  }
}
