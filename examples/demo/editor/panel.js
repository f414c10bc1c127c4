/** The panel: what the server reports about the document, fetched again and again. */
const EVERY_MS = 1_000
const CHART = { width: 300, height: 56 }

const number = value => value.toLocaleString('en', { maximumFractionDigits: 1 })
const counted = (value, noun) => `${number(value)} ${noun}${value === 1 ? '' : 's'}`
const money = value =>
  `$${value.toLocaleString('en', value < 0.01 ? { maximumSignificantDigits: 3 } : { minimumFractionDigits: 2, maximumFractionDigits: 6 })}`
const bytes = value =>
  value < 10_000
    ? `${number(value)} B`
    : value < 1_000_000
      ? `${number(value / 1_000)} KB`
      : `${number(value / 1_000_000)} MB`

const ago = at => {
  const seconds = Math.max(0, Math.round((Date.now() - at) / 1_000))
  return seconds < 60
    ? `${seconds} s ago`
    : seconds < 3_600
      ? `${Math.floor(seconds / 60)} min ago`
      : `at ${new Date(at).toLocaleTimeString('en')}`
}

const compactionText = ({ count, entries, at, failed }) =>
  failed
    ? `The last compaction failed (${failed}) ${ago(at)}.`
    : count === 0
      ? 'No compaction yet.'
      : `${counted(count, 'compaction')} so far, which merged ${counted(entries, 'item')}. The last one was ${ago(at)}.`

const fieldsOf = ({ stored, waiting, compactions, cost, prices }) => ({
  items: number(stored.items),
  bytes: bytes(stored.bytes),
  waiting: number(waiting),
  compactions: compactionText(compactions),
  writeUnits: counted(cost.writeUnits, 'write unit'),
  readUnits: counted(cost.readUnits, 'read unit'),
  money: money((cost.writeUnits * prices.write + cost.readUnits * prices.read) / 1_000_000),
  writePrice: money(prices.write),
  readPrice: money(prices.read)
})

/** The path of a bar chart. The heights are logarithmic: the result of a compaction is much larger than an update. */
const bars = sizes => {
  const { width, height } = CHART
  const step = width / Math.max(sizes.length, 60)
  const highest = Math.log2(Math.max(...sizes, 1_024))
  return sizes
    .map((size, n) => {
      const top = height * (1 - Math.max(0.08, Math.log2(Math.max(size, 1)) / highest))
      return `M${(n * step).toFixed(2)} ${height}V${top.toFixed(1)}h${(step * 0.7).toFixed(2)}V${height}z`
    })
    .join('')
}

/**
 * @param onStored takes what the table holds: a snapshot in base64
 * @param onAnswering takes whether the server answers
 */
export const showPanel = (element, docName, { onStored, onAnswering }) => {
  const part = selector => element.querySelector(selector)
  const error = part('#panel-error')

  const show = report => {
    for (const [name, text] of Object.entries(fieldsOf(report)))
      part(`[data-field=${name}]`).textContent = text
    const { sizes, snapshot } = report.stored
    part('#items path').setAttribute('d', bars(sizes))
    part('#items').setAttribute('aria-label', `The sizes of ${counted(sizes.length, 'item')}`)
    onStored(snapshot)
  }

  const fetchReport = async () => {
    const response = await fetch(`/stored?doc=${encodeURIComponent(docName)}`)
    return { ok: response.ok, report: await response.json() }
  }

  const refresh = async () => {
    // It rejects if the network fails.
    const answer = await fetchReport().catch(() => undefined)
    error.hidden = answer?.ok === true
    error.textContent = answer
      ? `The table cannot be read: ${answer.report.code}`
      : 'The server does not answer. These are its last numbers.'
    onAnswering(answer !== undefined)
    if (answer?.ok) show(answer.report)
    setTimeout(refresh, EVERY_MS)
  }
  refresh()
}
