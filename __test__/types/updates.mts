// Every function of `y-dynamodb/updates`. tsc checks it; it never runs.
import {
  diffUpdate, encodeStateVectorFromUpdate, mergeUpdates, mergeUpdatesAsync, validateUpdate, type MergeUpdatesOptions
} from 'y-dynamodb/updates'

const update = new Uint8Array([0, 0])
const options: MergeUpdatesOptions = { gc: false, squash: undefined }

export const merged: Uint8Array = mergeUpdates([update, Buffer.from(update)])
export const later: Promise<Uint8Array> = mergeUpdatesAsync([update] as const, options)
export const stateVector: Uint8Array = encodeStateVectorFromUpdate(update)
export const diff: Uint8Array = diffUpdate(update, stateVector)
export const nothing: void = validateUpdate(update)

// @ts-expect-error: no such option
mergeUpdates([update], { wholeLog: true })
// @ts-expect-error: a list is needed
mergeUpdates(update)
// @ts-expect-error: text is no update
validateUpdate('00')
