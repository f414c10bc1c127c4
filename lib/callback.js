'use strict'

/** Calls a function of the user's. What it throws becomes an uncaught exception and does not reach the caller. */
function invokeCallback(f, ...args) {
  try {
    f(...args)
  } catch (error) {
    process.nextTick(() => {
      throw error
    })
  }
}

module.exports = { invokeCallback }
