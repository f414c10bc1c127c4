'use strict'

/** `show`: prints one document. */

const { decode } = require('../../lib/any.js')
const { formatTime, highlight, pluralize, printable } = require('../format.cjs')
const { notFound } = require('../not-found.cjs')
const { isWorthListing, summarise } = require('../summary.cjs')
const { loadYjs, missingUpdates, rootsOf, toDoc } = require('../read-content.cjs')

async function run(context) {
  const {
    output,
    positionals: [name]
  } = context
  const Y = await loadYjs()
  const table = context.openTable()
  const { items, findings, update } = await table.verify(name)
  if (!isWorthListing(items)) throw notFound(name)
  const doc = toDoc(Y, update, name)
  const found = {
    name,
    ...summarise(items),
    updateBytes: update.length,
    clients: Y.decodeStateVector(Y.encodeStateVector(doc)).size,
    missing: missingUpdates(doc),
    findings: findings.map(({ wrong, place }) => ({ wrong, place })),
    metas: await metasOf(table, name),
    roots: rootsOf(Y, doc)
  }
  await output.result(found, ...lines(found))
}

/** A meta that cannot be decoded is shown as bytes; `verify` reports it. */
async function metasOf(table, name) {
  const metas = Object.create(null)
  for (const [key, bytes] of await readable(table, name)) {
    try {
      metas[key] = decode(bytes)
    } catch {
      metas[key] = bytes
    }
  }
  return metas
}

async function readable(table, name) {
  try {
    return await table.metas(name)
  } catch (error) {
    if (error.code === 'ERR_CORRUPT') return new Map()
    throw error
  }
}

function lines(found) {
  const line = (label, value) => `${label.padEnd(14)}${value}`
  const aside = `${pluralize(found.quarantined, 'item')} (repair DOC --extract DIR writes them to files)`
  const quarantine = found.quarantined > 0 ? [line('quarantine', highlight(aside))] : []
  return [
    line('name', printable(found.name)),
    line(
      'items',
      `${found.items}, ${pluralize(found.bytes, 'byte')}, ${pluralize(found.sets, 'set')}, ${found.original} of the original package`
    ),
    ...quarantine,
    line('merged', `${pluralize(found.updateBytes, 'byte')}, ${pluralize(found.clients, 'client')}`),
    line('log clock', found.clock ?? '—'),
    line('last change', `${formatTime(found.changedAt)} UTC`),
    ...found.findings.map(({ wrong, place }) =>
      line('finding', highlight(`${wrong} at ${printable(place)}`))
    ),
    ...(found.missing === undefined
      ? []
      : [line('finding', highlight('pending: some updates depend on others that are missing'))]),
    ...Object.entries(found.metas).map(([key, value]) => line('meta', `${printable(key)} = ${shown(value)}`)),
    ...found.roots.flatMap(({ name, kind, text, json }) => [
      line(kind, printable(name)),
      ...(text ?? (json === null ? '' : shown(json))).split('\n').map(each => `  ${escapeControls(each)}`)
    ])
  ]
}

function shown(value) {
  return (
    JSON.stringify(
      value,
      (_, inner) => {
        if (inner instanceof Uint8Array) return `<${inner.length} bytes>`
        return typeof inner === 'bigint' ? String(inner) : inner
      },
      2
    ) ?? String(value)
  )
}

/** Escapes characters that a terminal interprets. */
function escapeControls(text) {
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, c =>
    c === '\t' ? c : `\\u{${c.codePointAt(0).toString(16)}}`
  )
}

module.exports = {
  name: 'show',
  isReadOnly: true,
  synopsis: 'DOC',
  positionals: [1, 1],
  summary: 'Shows one document: its items, its metas, and the text and JSON of its root types.',
  details: `Needs yjs. The update format does not store the kind of a root type, so it is guessed from the
content. Damaged items are named and skipped; verify says more. With --json, bytes are base64.
Exit code 1 if there is no such document.`,
  run
}
