'use strict'

/** Processes many documents, several at a time. If one fails, the failure is printed and the others go on. */

/** Errors that every other document would fail with too. */
const FATAL = new Set(['ERR_TABLE', 'ERR_ACCESS', 'ERR_CLOSED', 'ERR_INTERNAL'])

/**
 * Runs `work` for each of `documents` until there are no more or the run is cancelled. Returns when all started work has
 * ended.
 *
 * @param context the run's
 * @param {AsyncIterable<T> | Iterable<T>} documents
 * @param {(document: T) => Promise<void>} work
 * @param {(document: T) => string} [nameOf]
 * @returns {Promise<number>} how many failed
 */
async function forEachDocument(context, documents, work, nameOf = ({ name }) => name) {
  const { cancellation, options, output, progress } = context
  const iterator = (documents[Symbol.asyncIterator] ?? documents[Symbol.iterator]).call(documents)
  let failures = 0
  let fatal
  const worker = async () => {
    while (!cancellation.isCancelled && fatal === undefined) {
      const { done, value: document } = await iterator.next()
      if (done) return
      try {
        await work(document)
      } catch (error) {
        if (error.code === undefined || FATAL.has(error.code)) throw error
        failures++
        context.setFailed()
        output.failure(error, nameOf(document))
      }
      progress.step()
    }
  }
  const workers = Array.from({ length: options.concurrency }, () =>
    worker().catch(error => {
      fatal ??= error
    })
  )
  await Promise.all(workers)
  await iterator.return?.()
  if (fatal !== undefined) throw fatal
  return failures
}

/** The document of the command line, or with `--all` every document of the table. */
async function* selectedDocuments({ options, positionals }, table) {
  if (options.all) yield* table.documents()
  else yield { name: positionals[0] }
}

module.exports = { forEachDocument, selectedDocuments }
