'use strict'

/** Work on many documents, some at a time; what one of them fails with is told, and the others go on. */

/** Failures that the next document would meet as well. */
const FATAL = new Set(['ERR_TABLE', 'ERR_ACCESS', 'ERR_CLOSED', 'ERR_INTERNAL'])

/**
 * Runs `work` for each of `documents`, until there are no more or the run is stopped. What was begun is ended in any case.
 *
 * @param context the run's
 * @param {AsyncIterable<T> | Iterable<T>} documents
 * @param {(document: T) => Promise<void>} work
 * @param {(document: T) => string} [nameOf]
 */
async function forEach(context, documents, work, nameOf = ({ name }) => name) {
  const { stop, options, output, progress } = context
  const iterator = (documents[Symbol.asyncIterator] ?? documents[Symbol.iterator]).call(documents)
  let fatal
  const worker = async () => {
    while (!stop.isOver && fatal === undefined) {
      const { done, value: document } = await iterator.next()
      if (done) return
      try {
        await work(document)
      } catch (error) {
        if (error.code === undefined || FATAL.has(error.code)) throw error
        context.found()
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
}

/** The document of the call, or all of the table. */
async function* chosen({ options, positionals }, table) {
  if (options.all) yield* table.documents()
  else yield { name: positionals[0] }
}

module.exports = { chosen, forEach }
