/** Which updates of a page count as unsaved, by comparing them with a snapshot of the table. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as Y from 'yjs'
import { Unsaved } from '../../examples/demo/editor/saved.js'

const PROVIDER = 'provider'

const snapshotOf = doc => Buffer.from(Y.encodeSnapshot(Y.snapshot(doc))).toString('base64')

/** The document of a page, and the part of it that is in the table. */
const page = () => {
  const doc = new Y.Doc()
  const table = new Y.Doc()
  const updates = []
  doc.on('update', update => updates.push(update))
  return {
    doc,
    text: doc.getText('text'),
    table,
    unsaved: new Unsaved(doc, PROVIDER),
    store: () => Y.applyUpdate(table, updates.shift())
  }
}

test('an update is unsaved until the table contains it, even if it only deletes', () => {
  const { text, table, unsaved, store } = page()
  text.insert(0, 'abc')
  text.delete(0, 1)
  assert.equal(unsaved.count, 2)
  unsaved.compare(snapshotOf(table))
  assert.equal(unsaved.count, 2)
  store()
  unsaved.compare(snapshotOf(table))
  assert.equal(unsaved.count, 1)
  store()
  unsaved.compare(snapshotOf(table))
  assert.equal(unsaved.count, 0)
})

test('updates of others are not unsaved, and additional content of the table does not matter', () => {
  const { doc, text, table, unsaved, store } = page()
  const other = new Y.Doc()
  other.getText('text').insert(0, 'xyz')
  other.getText('text').delete(1, 1)
  Y.applyUpdate(doc, Y.encodeStateAsUpdate(other), PROVIDER)
  assert.equal(unsaved.count, 0)
  store()
  text.insert(2, 'own')
  assert.equal(unsaved.count, 1)
  store()
  table.getText('text').insert(0, 'later')
  unsaved.compare(snapshotOf(table))
  assert.equal(unsaved.count, 0)
})
