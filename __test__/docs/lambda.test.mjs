/** The functions of docs/LAMBDA.md and examples/lambda: an update that is stored stays stored when its merge fails. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { ProxiedTable, deny } from '../support/proxy.mjs'
import { blockOf, example, start } from './started.mjs'

const FLUSH_EVERY = 100

/** A function of the page, over a stand-in for the persistence. */
const shown = (name, persistence, report) => {
  const { text } = blockOf('docs/LAMBDA.md', name)
  const declaration = text.split('\n\nawait ')[0]
  return new Function('persistence', 'console', `${declaration}; return ${name}`)(persistence, {
    error: report
  })
}

const failing = async () => {
  throw Object.assign(new Error('on purpose'), { code: 'ERR_CORRUPT' })
}

describe('docs/LAMBDA.md', () => {
  test('store resolves with the clock of an update that is stored, and reports a merge that fails', async () => {
    const reported = []
    const store = shown(
      'store',
      { storeUpdate: async () => FLUSH_EVERY - 1, flushDocument: failing },
      (...words) => reported.push(words)
    )
    assert.equal(await store('letter', new Uint8Array()), FLUSH_EVERY - 1)
    assert.deepEqual(reported, [['letter', 'ERR_CORRUPT', 'on purpose']])
  })

  test('flushAll merges the documents after one that fails', async () => {
    const merged = []
    const persistence = {
      docNames: () => ['damaged', 'letter'],
      flushDocument: async name => (name === 'damaged' ? failing() : merged.push(name))
    }
    await shown('flushAll', persistence, () => {})()
    assert.deepEqual(merged, ['letter'])
  })
})

test('examples/lambda merges at every hundredth item, and a merge that fails does not fail the call', async t => {
  const table = await ProxiedTable.before(t)
  await table.create()
  table.rule(({ operation }) => (operation === 'BatchWriteItem' ? deny : undefined))
  const [file] = example('lambda/handler.mjs')
  const program = `
    import * as Y from 'yjs'
    const { handler } = await import(${JSON.stringify(pathToFileURL(file).href)})
    const doc = new Y.Doc()
    const statuses = new Set()
    const post = async update => {
      const body = JSON.stringify({ update: Buffer.from(update).toString('base64') })
      statuses.add((await handler({ pathParameters: { doc: 'letter' }, body })).statusCode)
    }
    for (let i = 0; i < ${FLUSH_EVERY}; i++) {
      const before = Y.encodeStateVector(doc)
      // Over 1,024 bytes: each gets an item of its own.
      doc.getText('text').insert(i, 'a'.repeat(1_100))
      await post(Y.encodeStateAsUpdate(doc, before))
    }
    console.log('statuses', ...statuses)`
  const { ended, output } = start(t, ['--input-type=module', '--eval', program], table)
  assert.deepEqual(await ended, { code: 0, signal: null }, output())
  assert.match(output(), /^statuses 200$/m)
  assert.match(output(), /^letter ERR_ACCESS /m)
  assert.ok(table.count('BatchWriteItem') > 0)
})
