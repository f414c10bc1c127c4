/** A program that stores a document in the embedded database and reads it again, as the tests of `installed/` run it. */

const BODY = `
const main = async () => {
  const config = { tableName: 'docs', aws: { endpoint: 'memory:', region: 'local' } }
  const persistence = DynamoDbPersistence(config)
  const doc = new Y.Doc()
  await persistence.bindState('letter', doc)
  doc.getText('body').insert(0, 'Dear reader')
  await persistence.writeState('letter', doc)
  const copy = await persistence.getYDoc('letter')
  if (!(copy instanceof Y.Doc)) throw new Error('the document belongs to another copy of yjs')
  mergeUpdates([Y.encodeStateAsUpdate(copy)])
  await persistence.close()
  return 'read: ' + copy.getText('body')
}
`
const IMPORTS = `import DynamoDbPersistence from 'y-dynamodb'
import { mergeUpdates } from 'y-dynamodb/updates'
import * as Y from 'yjs'
`
const PRINT = 'main().then(text => console.log(text))\n'

/** What the programs print. */
export const OUTPUT = 'read: Dear reader\n'

export const esModule = IMPORTS + BODY + PRINT
export const commonJs = `const DynamoDbPersistence = require('y-dynamodb')
const { mergeUpdates } = require('y-dynamodb/updates')
const Y = require('yjs')
${BODY}${PRINT}`

/** Reads twice, and prints whether the documents belong to the yjs of the program. */
export const READ_TWICE = `const DynamoDbPersistence = require('y-dynamodb')
const Y = require('yjs')
const main = async () => {
  const config = { tableName: 'docs', aws: { endpoint: 'memory:', region: 'local' } }
  const persistence = DynamoDbPersistence(config)
  const copies = [await persistence.getYDoc('a'), await persistence.getYDoc('b')]
  await persistence.close()
  return copies.map(copy => copy instanceof Y.Doc).join(' ')
}
${PRINT}`

/** A route of Next.js. */
export const nextRoute = `${IMPORTS}${BODY}
export const dynamic = 'force-dynamic'
export const GET = async () => new Response(await main())
`
