/** What writers that stopped have left in a table, seen in the items themselves. */
import { readSortKey } from '../support/format.mjs'
import { binary } from '../support/engine.mjs'

const HOUR_MS = 3_600_000

/** The writes of a document: `{ head, parts, keys }`, a plain update with `head` undefined. */
export async function writes(table, doc) {
  const found = new Map()
  for (const { key, attributes } of await table.items(doc)) {
    const [, , kind, clock, ...id] = readSortKey(key)
    if (kind !== 'update') continue
    const name = `${clock} ${id.slice(0, 2).join(' ')}`
    const write = found.get(name) ?? { head: undefined, parts: 0, keys: [] }
    found.set(name, write)
    if (id.length === 3) write.parts++
    else if (attributes.parts !== undefined) write.head = attributes
    write.keys.push(key)
  }
  return [...found.values()]
}

/** A set that does not count: without a head, not sealed, or not whole. */
export function isRemains({ head, parts }) {
  if (head === undefined) return parts > 0
  return !head.sealed.BOOL || Number(head.parts.N) !== parts
}

/** Makes every set that is not sealed two hours older, so that a sweep takes it. */
export async function age(table, doc) {
  for (const {
    head,
    keys: [key]
  } of await writes(table, doc)) {
    if (head === undefined || head.sealed.BOOL) continue
    await table.request('UpdateItem', {
      Key: { ydocname: { S: doc }, ykeysort: binary(key) },
      UpdateExpression: 'SET #at = :at',
      ExpressionAttributeNames: { '#at': 'at' },
      ExpressionAttributeValues: { ':at': { N: String(Date.now() - 2 * HOUR_MS) } }
    })
  }
}
