/** Tables for benchmarks: our value, that of a peer, and a goal. */

/**
 * Returns one row. `theirs` can be missing. `goal` is `{ most }`, an upper limit, or `{ ratio }`, the least factor by which
 * `ours` must be smaller than `theirs`.
 */
export function row(what, { ours, theirs, unit = 'ms', goal }) {
  const met =
    goal === undefined ? undefined : goal.most !== undefined ? ours <= goal.most : theirs / ours >= goal.ratio
  return { what, ours, theirs, unit, goal, met }
}

/** Prints the rows. `peer` is the title of the column for `theirs`. Returns the number of missed goals. */
export function printTable(rows, peer = 'yjs') {
  const cells = [
    ['', 'y-dynamodb', peer, 'ratio', 'goal', ''],
    ...rows.map(({ what, ours, theirs, unit, goal, met }) => [
      what,
      `${number(ours)} ${unit}`,
      theirs === undefined ? '' : `${number(theirs)} ${unit}`,
      theirs === undefined || ours === 0 ? '' : `${(theirs / ours).toFixed(1)} ×`,
      goal === undefined
        ? ''
        : goal.most !== undefined
          ? `≤ ${number(goal.most)} ${unit}`
          : `≥ ${number(goal.ratio)} ×`,
      met === undefined ? '' : met ? 'met' : 'MISSED'
    ])
  ]
  const widths = cells[0].map((_, i) => Math.max(...cells.map(line => line[i].length)))
  for (const line of cells) {
    console.log(
      line
        .map((cell, i) => (i === 0 || i === 5 ? cell.padEnd(widths[i]) : cell.padStart(widths[i])))
        .join('  ')
        .trimEnd()
    )
  }
  return rows.filter(({ met }) => met === false).length
}

function number(value) {
  if (Number.isInteger(value)) return value.toLocaleString('en')
  return value.toFixed(value < 1 ? 3 : value < 10 ? 2 : value < 100 ? 1 : 0)
}
