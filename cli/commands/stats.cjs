'use strict'

/** `stats`: counts what a table has. */

const { formatTime, printable } = require('../format.cjs')
const { summarise } = require('../summary.cjs')

const LARGEST = 10

async function run(context) {
  const { cancellation, output, progress } = context
  const totals = {
    documents: 0,
    items: 0,
    bytes: 0,
    metas: 0,
    sets: 0,
    remains: 0,
    original: 0,
    quarantined: 0
  }
  let changedAt = null
  let largest = []
  progress.begin()
  for await (const { name, items } of context.openTable().documents()) {
    if (cancellation.isCancelled) return
    const summary = summarise(items)
    totals.documents++
    for (const key of Object.keys(totals)) if (key !== 'documents') totals[key] += summary[key]
    if (summary.changedAt !== null) changedAt = Math.max(changedAt ?? 0, summary.changedAt)
    largest.push({ name, items: summary.items, bytes: summary.bytes })
    if (largest.length > 2 * LARGEST) largest = largestOf(largest)
    progress.step()
  }
  largest = largestOf(largest)
  const line = (label, value) => `${label.padEnd(26)}${value}`
  await output.result(
    { ...totals, changedAt, largest },
    line('documents', totals.documents),
    line('items', totals.items),
    line('bytes', totals.bytes),
    line('metas', totals.metas),
    line('sets', totals.sets),
    line('items of incomplete sets', totals.remains),
    line('items of original package', totals.original),
    line('items in quarantine', totals.quarantined),
    line('last change (UTC)', formatTime(changedAt)),
    ...largest.map(({ name, bytes }, i) =>
      line(i === 0 ? 'largest documents' : '', `${String(bytes).padStart(12)}  ${printable(name)}`)
    )
  )
}

function largestOf(documents) {
  return documents.sort((a, b) => b.bytes - a.bytes).slice(0, LARGEST)
}

module.exports = {
  name: 'stats',
  isReadOnly: true,
  synopsis: '',
  summary: 'Counts documents, items, bytes and sets, and lists the largest documents.',
  details: `Scans the whole table (1 RCU per 4 KB). A set is one update that is stored in several items. The
items of an incomplete set are still being written, or an interrupted write has left them; a
compaction deletes the latter.`,
  run
}
