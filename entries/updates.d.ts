/**
 * The update engine of `y-dynamodb`, without a table. Its functions take and return Yjs updates (V1).
 *
 * A function that fails throws the `PersistenceError` that `y-dynamodb` exports; its `code` says what to do.
 */

export interface MergeUpdatesOptions {
  /**
   * Drop the content of deleted items, as a `Y.Doc` with `gc: true` does (default: `true`). Set it to `false` for documents
   * with snapshots.
   */
  gc?: boolean | undefined
  /**
   * Join neighbouring structs where the document stays the same (default: `true`). With `false` the result is larger and
   * makes the same document.
   */
  squash?: boolean | undefined
}

/**
 * Returns one update with the content of all updates. They can be in any order, and can have duplicates, overlaps and gaps.
 * Structs behind a gap are kept. The same updates in any order give the same bytes, unless `squash` is `false`.
 *
 * @throws {PersistenceError} `ERR_INVALID_UPDATE` with the index, the reason and its offset; `ERR_INVALID_ARGUMENT`
 */
export function mergeUpdates(updates: readonly Uint8Array[], options?: MergeUpdatesOptions): Uint8Array

/** Does the same as {@link mergeUpdates}, outside the event loop. Copies the updates before the call returns. Failures reject. */
export function mergeUpdatesAsync(
  updates: readonly Uint8Array[],
  options?: MergeUpdatesOptions
): Promise<Uint8Array>

/**
 * Returns the state vector of the document that `update` makes, like `Y.encodeStateVectorFromUpdate`.
 *
 * @throws {PersistenceError} `ERR_INVALID_UPDATE`, `ERR_INVALID_ARGUMENT`
 */
export function encodeStateVectorFromUpdate(update: Uint8Array): Uint8Array

/**
 * Returns the part of `update` that a peer with `stateVector` lacks, and all deletions, like `Y.diffUpdate`.
 *
 * @throws {PersistenceError} `ERR_INVALID_UPDATE` (for the state vector too), `ERR_INVALID_ARGUMENT`
 */
export function diffUpdate(update: Uint8Array, stateVector: Uint8Array): Uint8Array

/**
 * Returns if `update` is a well-formed Yjs update (V1) in every count, reference and string, and `Y.applyUpdate` does not throw
 * on it, neither now nor when the updates before it have arrived.
 *
 * @throws {PersistenceError} `ERR_INVALID_UPDATE` with the reason and its offset; `ERR_INVALID_ARGUMENT`
 */
export function validateUpdate(update: Uint8Array): void
