/** The panel: what the server says of the document, asked again and again. */
const EVERY_MS = 1_000

const number = value => value.toLocaleString('en', { maximumFractionDigits: 1 })
const money = value =>
  `$${value.toLocaleString('en', { minimumFractionDigits: value < 0.01 ? 6 : 2, maximumFractionDigits: 6 })}`
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
      : new Date(at).toLocaleTimeString('en')
}

const compactionFields = compaction =>
  !compaction
    ? {}
    : compaction.failed
      ? { compacted: `failed (${compaction.failed}), ${ago(compaction.at)}` }
      : {
          compacted: ago(compaction.at),
          before: `${number(compaction.entries)} items, ${bytes(compaction.bytesBefore)}`,
          after: `1 item, ${bytes(compaction.bytesAfter)}`
        }

const fieldsOf = ({ stored, waiting, compaction, cost, own, prices }) => ({
  items: number(stored.items),
  bytes: number(stored.bytes),
  waiting: number(waiting),
  requests: number(cost.requests),
  writeUnits: number(cost.writeUnits),
  readUnits: number(cost.readUnits),
  money: money((cost.writeUnits * prices.write + cost.readUnits * prices.read) / 1_000_000),
  writePrice: money(prices.write),
  readPrice: money(prices.read),
  ownRequests: number(own.requests),
  ownUnits: number(own.readUnits),
  ...compactionFields(compaction)
})

/**
 * @param onStored is told what the table holds: a snapshot in base64
 * @param onAnswering is told whether the server answers
 */
export const showPanel = (element, docName, { onStored, onAnswering }) => {
  const part = selector => element.querySelector(selector)
  const error = part('#panel-error')

  const show = report => {
    for (const [name, text] of Object.entries(fieldsOf(report)))
      part(`[data-field=${name}]`).textContent = text
    const { entries, bytesBefore, bytesAfter } = report.compaction ?? {}
    part('#compaction').hidden = !entries
    if (entries) {
      const widest = Math.max(bytesBefore, bytesAfter)
      part('[data-bar=before]').style.width = `${(100 * bytesBefore) / widest}%`
      part('[data-bar=after]').style.width = `${(100 * bytesAfter) / widest}%`
    }
    onStored(report.stored.snapshot)
  }

  const ask = async () => {
    const response = await fetch(`/stored?doc=${encodeURIComponent(docName)}`)
    return { ok: response.ok, report: await response.json() }
  }

  const refresh = async () => {
    // What can fail here is the network.
    const answer = await ask().catch(() => undefined)
    error.hidden = answer?.ok === true
    error.textContent = answer
      ? `The table cannot be read: ${answer.report.code}`
      : 'The server does not answer: these are its last numbers.'
    onAnswering(answer !== undefined)
    if (answer?.ok) show(answer.report)
    setTimeout(refresh, EVERY_MS)
  }
  refresh()
}
