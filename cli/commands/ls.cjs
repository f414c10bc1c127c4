'use strict'

/** `ls`: lists the documents of a table. */

const { formatTime, printable } = require('../format.cjs')
const { summarise } = require('../summary.cjs')

const COLUMNS = '   items         bytes       clock  last change (UTC)    name'

async function run(context) {
  const { cancellation, options, output } = context
  const table = context.openTable()
  let isFirst = true
  for await (const { name, items } of table.documents()) {
    if (cancellation.isCancelled) return
    const { bytes, clock, changedAt, quarantined } = summarise(items)
    if (isFirst) await output.text(COLUMNS)
    isFirst = false
    await output.result(
      { name, items: items.length, bytes, clock, changedAt, quarantined },
      [
        String(items.length).padStart(8),
        String(bytes).padStart(12),
        String(clock ?? '—').padStart(10),
        formatTime(changedAt).padEnd(19),
        printable(name),
        ...(quarantined > 0 ? [`(${quarantined} in quarantine)`] : [])
      ].join('  ')
    )
  }
  if (isFirst) output.note(`table ${options.table} has no documents`)
}

module.exports = {
  name: 'ls',
  isReadOnly: true,
  synopsis: '',
  summary: 'Lists the documents with their items, bytes, log clock and last change.',
  details: `Scans the whole table (1 RCU per 4 KB). The order of the documents is not defined. The last
change is when the newest item was written, by an update or by a compaction, according to the
clock of its writer. Items of the original package have no time.`,
  run
}
