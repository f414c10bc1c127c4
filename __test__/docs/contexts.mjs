/**
 * What the fragments of a page take for granted: globals of the process that runs them. Each page has an empty table
 * `docs` in memory with `persistence` on it, and a letter `doc`; where a page shows AWS, it gets that database.
 */
import DynamoDbPersistence from 'y-dynamodb'
import * as Y from 'yjs'
import { TestTable } from '../support/engine.mjs'
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

  /** What the original package has left. */
  'docs/MOVING.md': async () => {
    const table = new TestTable({ endpoint: ENDPOINT, tableName: 'docs' })
    const name = 'written by the original'
    const doc = letter('Dear reader')
    await table.put({ doc: name, key: sortKey(['v1', name, 'update', 0]), value: Y.encodeStateAsUpdate(doc) })
    return { doc }
  },

  /** What `@opentelemetry/api` gives, as far as the page uses it, and a table restored from a backup. */
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

/** What the page's code has told its meter. */
const recorded = []

/** What must be so when all fragments of the page have run. */
const CHECKS = {
  'docs/OPERATING.md': () => {
    const reads = recorded.filter(
      ({ value, attributes }) => attributes.operation === 'getYDoc' && attributes.code === 'OK' && value > 0
    )
    const units = recorded.filter(({ value, attributes }) => attributes.kind === 'write' && value === 1)
    if (reads.length === 0 || units.length === 0)
      throw new Error(`the meter was told ${JSON.stringify(recorded)}`)
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

/** Says on standard output, where nothing else is printed, that all fragments have run. */
export const leave = page => {
  CHECKS[page]?.()
  process.stdout.write(THROUGH)
}
