/**
 * The globals that the fragments of a page use. Each page has an empty table `docs` in memory, a `persistence` on it, and a
 * letter `doc`. Code that shows AWS uses the same database.
 */
import DynamoDbPersistence from 'y-dynamodb'
import * as Y from 'yjs'
import { TestTable } from '../support/dynamodb.mjs'
import { sortKey } from '../support/format.mjs'
import { THROUGH, keepPrinted } from './shown.mjs'

const ENDPOINT = 'memory:docs'

const open = tableName => DynamoDbPersistence({ tableName, aws: { region: 'local', endpoint: ENDPOINT } })

const letter = text => {
  const doc = new Y.Doc()
  doc.getText('body').insert(0, text)
  return doc
}

const CONTEXTS = {
  'docs/ERRORS.md': () => ({ doc: letter('Dear reader') }),

  /** A document of 2 MB. */
  'docs/LIMITS.md': () => {
    const doc = new Y.Doc()
    doc.getMap('images').set('photo', new Uint8Array(2_000_000))
    return { doc }
  },

  /** A document that the original package wrote. */
  'docs/MOVING.md': async () => {
    const table = new TestTable({ endpoint: ENDPOINT, tableName: 'docs' })
    const name = 'written by the original'
    const doc = letter('Dear reader')
    await table.put({ doc: name, key: sortKey(['v1', name, 'update', 0]), value: Y.encodeStateAsUpdate(doc) })
    return { doc }
  },

  /** The part of `@opentelemetry/api` that the page uses, and a table restored from a backup. */
  'docs/OPERATING.md': async () => {
    const restored = open('docs-restored')
    await restored.storeUpdate('letter', Y.encodeStateAsUpdate(letter('Dear reader')))
    const meter = {
      createHistogram: () => ({ record: (value, attributes) => recorded.push({ value, attributes }) }),
      createObservableCounter: () => ({
        addCallback: ask => ask({ observe: (value, attributes) => recorded.push({ value, attributes }) })
      })
    }
    return { meter }
  }
}

/** The values that the page's code has recorded with its meter. */
const recorded = []

/** Checks after all fragments of the page have run. */
const CHECKS = {
  'docs/OPERATING.md': () => {
    const reads = recorded.filter(
      ({ value, attributes }) => attributes.operation === 'getYDoc' && attributes.code === 'OK' && value > 0
    )
    const units = recorded.filter(({ value, attributes }) => attributes.kind === 'write' && value === 1)
    if (reads.length === 0 || units.length === 0)
      throw new Error(`the meter has recorded ${JSON.stringify(recorded)}`)
  }
}

export const enter = async page => {
  keepPrinted()
  const persistence = open('docs')
  await persistence.clearAll()
  Object.assign(
    globalThis,
    { DynamoDbPersistence, Y, persistence, doc: letter('Dear reader') },
    await CONTEXTS[page]?.()
  )
}

/** Prints to standard output, which is otherwise empty, that all fragments have run. */
export const leave = page => {
  CHECKS[page]?.()
  process.stdout.write(THROUGH)
}
