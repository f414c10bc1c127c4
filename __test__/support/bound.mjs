/** Bound documents for tests. */
import { DynamoDbPersistence } from './dynamodb.mjs'
import { Y } from './documents.mjs'

/** A persistence and what its `onError` gets. */
export const open = (t, table, more) => {
  const reported = []
  const persistence = table.open(t, { onError: (error, context) => reported.push([error, context]), ...more })
  return {
    persistence,
    reported,
    codes: () => reported.map(([error, { operation }]) => `${operation}: ${error.code}`)
  }
}

export const docWith = text => {
  const doc = new Y.Doc()
  doc.getText('text').insert(0, text)
  return doc
}

export const type = (doc, text) => doc.getText('text').insert(doc.getText('text').length, text)

/** A fault that forwards the request at once, and answers after `release()`. */
export const hold = () => {
  let release
  const released = new Promise(resolve => {
    release = resolve
  })
  const fault = async ({ response, forward }) => {
    const { status, body } = await forward()
    await released
    response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0' }).end(body)
  }
  return { fault, release }
}

/** The document as another server loads it, without the faults of a proxy. */
export const stored = async (table, docName = 'doc') => {
  const persistence = DynamoDbPersistence((table.behind ?? table).config())
  try {
    return await persistence.getYDoc(docName)
  } finally {
    await persistence.close()
  }
}
