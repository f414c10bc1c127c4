import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as Y from 'yjs'
import { Unsaved } from '../../examples/demo/editor/saved.js'

const PROVIDER = 'provider'

const snapshotOf = doc => Buffer.from(Y.encodeSnapshot(Y.snapshot(doc))).toString('base64')

/** A page's document and what the table holds of it. */
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

test('an update is unsaved until the table has it, also one that only deletes', () => {
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

test('what the table has besides does not matter, and what came from others is not ours to wait for', () => {
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
