'use strict'

/**
 * Finds out whether a call is made inside `transact`: `transact` and `close` wait for all earlier calls, so inside `transact`
 * they would wait for themselves.
 *
 * Follows the asynchronous context. Code that runs at the same time is not inside, nor is what `transact` started once it has
 * ended.
 */

/** An AsyncLocalStorage. Made by the first `transact`, because that takes two milliseconds. */
let innermost
let running = 0

/** Runs `f` as a transaction of `owner`. */
async function runIn(owner, f) {
  innermost ??= new (require('node:async_hooks').AsyncLocalStorage)()
  const transaction = { owner, outer: unended(innermost.getStore()) }
  running++
  try {
    return await innermost.run(transaction, f)
  } finally {
    // Code that still runs in this context is no longer inside, and does not keep the owner in memory.
    transaction.owner = undefined
    // While it is enabled, Node 20 runs every promise of the process more slowly.
    if (--running === 0) innermost.disable()
  }
}

function isIn(owner) {
  for (let each = unended(innermost?.getStore()); each !== undefined; each = unended(each.outer)) {
    if (each.owner === owner) return true
  }
  return false
}

function unended(transaction) {
  while (transaction !== undefined && transaction.owner === undefined) transaction = transaction.outer
  return transaction
}

module.exports = { isIn, runIn }
