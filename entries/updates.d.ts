/**
 * The Yjs update engine of `y-dynamodb`, without a table: Yjs updates (V1) in, Yjs updates out.
 *
 * What goes wrong is thrown as the `PersistenceError` that `y-dynamodb` exports; its `code` says what to do.
 */

export interface MergeUpdatesOptions {
  /**
   * Drop the content of deleted items, as a `Y.Doc` with `gc: true` does (default: `true`). `false` keeps everything,
   * for documents with snapshots.
   */
  gc?: boolean | undefined
  /**
   * Join neighbouring structs where that changes nothing (default: `true`). `false` leaves them as they came in, larger
   * and with the same meaning.
   */
  squash?: boolean | undefined
}

/**
 * One update with the content of all of them. Any order, duplicates, overlaps and gaps are fine; what waits for a gap is
 * kept. The same updates give the same bytes in whatever order they are listed.
 *
 * @throws {PersistenceError} `ERR_INVALID_UPDATE` with the index, the reason and its offset; `ERR_INVALID_ARGUMENT`
 */
export function mergeUpdates(updates: readonly Uint8Array[], options?: MergeUpdatesOptions): Uint8Array

/** {@link mergeUpdates} off the event loop. The updates are copied before the call returns. Failures reject. */
export function mergeUpdatesAsync(
  updates: readonly Uint8Array[],
  options?: MergeUpdatesOptions
): Promise<Uint8Array>

/**
 * The state vector of the document that `update` makes, as `Y.encodeStateVectorFromUpdate` gives it.
 *
 * @throws {PersistenceError} `ERR_INVALID_UPDATE`, `ERR_INVALID_ARGUMENT`
 */
export function encodeStateVectorFromUpdate(update: Uint8Array): Uint8Array

/**
 * What of `update` a peer with `stateVector` does not have, with all deletions, as `Y.diffUpdate` gives it.
 *
 * @throws {PersistenceError} `ERR_INVALID_UPDATE` (for the state vector too), `ERR_INVALID_ARGUMENT`
 */
export function diffUpdate(update: Uint8Array, stateVector: Uint8Array): Uint8Array

/**
 * Returns if `update` is a well-formed Yjs update (V1), down to every count, reference and string in it, and `Y.applyUpdate`
 * does not throw on it: by itself, or once the updates before it have come.
 *
 * @throws {PersistenceError} `ERR_INVALID_UPDATE` with the reason and its offset; `ERR_INVALID_ARGUMENT`
 */
export function validateUpdate(update: Uint8Array): void
