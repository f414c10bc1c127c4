import updates from './updates.cjs'

export const { mergeUpdates, mergeUpdatesAsync, encodeStateVectorFromUpdate, diffUpdate, validateUpdate } =
  updates
