/** Finds sets that writers left incomplete, by looking at the items of the table. */
import { readSortKey } from '../support/format.mjs'
import { binary } from '../support/dynamodb.mjs'

const HOUR_MS = 3_600_000

/** The entries of a document: `{ head, parts, keys }`. `head` is undefined for an update item. */
export async function entriesOf(table, doc) {
  const found = new Map()
  for (const { key, attributes } of await table.items(doc)) {
    const [, , kind, clock, ...id] = readSortKey(key)
    if (kind !== 'update') continue
    const name = `${clock} ${id.slice(0, 2).join(' ')}`
    const entry = found.get(name) ?? { head: undefined, parts: 0, keys: [] }
    found.set(name, entry)
    if (id.length === 3) entry.parts++
    else if (attributes.parts !== undefined) entry.head = attributes
    entry.keys.push(key)
  }
  return [...found.values()]
}

/** Whether readers ignore the set: it has no head, is not sealed, or lacks parts. */
export function isIncomplete({ head, parts }) {
  if (head === undefined) return parts > 0
  return !head.sealed.BOOL || Number(head.parts.N) !== parts
}

/** Makes every set that is not sealed two hours older, so that a sweep deletes it. */
export async function makeOld(table, doc) {
  for (const {
    head,
    keys: [key]
  } of await entriesOf(table, doc)) {
    if (head === undefined || head.sealed.BOOL) continue
    await table.request('UpdateItem', {
      Key: { ydocname: { S: doc }, ykeysort: binary(key) },
      UpdateExpression: 'SET #at = :at',
      ExpressionAttributeNames: { '#at': 'at' },
      ExpressionAttributeValues: { ':at': { N: String(Date.now() - 2 * HOUR_MS) } }
    })
  }
}
