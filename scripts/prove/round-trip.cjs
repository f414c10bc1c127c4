'use strict'

/**
 * The program that `scripts/prove.mjs` runs with the installed package: a round trip through each kind of endpoint. It prints
 * one line of JSON. `ENDPOINT` is a local HTTPS server.
 */

const fs = require('node:fs')
const DynamoDbPersistence = require('y-dynamodb')
const Y = require('yjs')

const LETTERS = 1_500_000
const aws = { region: 'local', accessKeyId: 'test', secretAccessKey: 'test' }
const open = endpoint => DynamoDbPersistence({ tableName: 'docs', aws: { ...aws, endpoint } })

const documentOf = text => {
  const doc = new Y.Doc()
  doc.getText('body').insert(0, text)
  return doc
}

/** Stores a document and reads it with another persistence, or with the same if the table is private to it. */
async function roundTrip(endpoint, text) {
  let persistence = open(endpoint)
  await persistence.storeUpdate('letter', Y.encodeStateAsUpdate(documentOf(text)))
  if (endpoint !== 'memory:') {
    await persistence.close()
    persistence = open(endpoint)
  }
  const copy = await persistence.getYDoc('letter')
  await persistence.close()
  if (copy.getText('body').toString() !== text) throw new Error(`${endpoint} returned another document`)
  return text.length
}

/** The C library that this process has loaded. */
function libc() {
  process.report.excludeNetwork = true
  const { header, sharedObjects } = process.report.getReport()
  if (header.glibcVersionRuntime) return `glibc ${header.glibcVersionRuntime}`
  return sharedObjects.some(file => /musl/.test(file)) ? 'musl' : process.platform
}

async function main() {
  fs.rmSync('docs.db', { force: true })
  const memory = await roundTrip('memory:', 'Dear reader')
  const file = await roundTrip('file:docs.db', 'x'.repeat(LETTERS))
  const remote = open(process.env.ENDPOINT)
  const meta = await remote.getMeta('letter', 'title')
  await remote.close()
  const { arch, version } = process
  process.stdout.write(`${JSON.stringify({ arch, version, libc: libc(), memory, file, meta })}\n`)
}

main()
