'use strict'

/**
 * Loads yjs and notices if that makes a second copy: a bundler packed one, or one is CommonJS and the other an ES module.
 *
 * Each copy of yjs sets a global, and prints a message if a copy did that before. The message names no option, so the global is
 * hidden while yjs is loaded, and a warning that names one replaces the message.
 */

/** The globals of Yjs 13 and 14. */
const GLOBALS = ['__ $YJS$ __', '__ $YJS14$ __']

/**
 * @param load returns a copy of yjs, or a promise of it
 * @returns `{ Y, isSecond }`: whether it was loaded now, and another copy before
 */
async function loadCopy(load) {
  const before = GLOBALS.filter(name => globalThis[name] === true)
  for (const name of before) delete globalThis[name]
  try {
    const Y = await load()
    return { Y, isSecond: before.some(name => globalThis[name] === true) }
  } finally {
    for (const name of before) globalThis[name] = true
  }
}

/** Warns once in a process: later loads of the same copy are no second ones. */
function reportSecondCopy() {
  process.emitWarning(
    'getYDoc loaded a second copy of yjs, so its documents are no Y.Doc of your yjs. '
      + 'If a bundler packs yjs or y-dynamodb, mark both as external. Otherwise set config.Y to your yjs (docs/BUNDLERS.md).',
    { type: 'YDynamoDbWarning', code: 'Y_DYNAMODB_SECOND_YJS' }
  )
}

module.exports = { loadCopy, reportSecondCopy }
