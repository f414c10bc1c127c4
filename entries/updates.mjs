import updates from '../lib/updates.js'

export const { mergeUpdates, mergeUpdatesAsync, encodeStateVectorFromUpdate, diffUpdate, validateUpdate } =
  updates
