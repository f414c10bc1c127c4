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
  summary: 'Lists the documents: name, items, bytes, log clock, last change.',
  details: `Reads the whole table (a Scan: 1 RCU for 4 KB), in no order. The last change is when the newest item was written by its
writer's clock: an update, or a compaction. It is not known of items of the original package.`,
  run
}
