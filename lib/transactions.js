'use strict'

/**
 * Which transactions a call is made in: `transact` and `close` wait for all earlier ones, so in one of them they would wait
 * for themselves.
 *
 * Follows the asynchronous context: what runs beside a transaction is not in it, and neither is what it has started once it
 * is over.
 */

const { AsyncLocalStorage } = require('node:async_hooks')

const innermost = new AsyncLocalStorage()
let running = 0

/** Runs `f` as a transaction of `owner`. */
async function runIn(owner, f) {
  const transaction = { owner, outer: unended(innermost.getStore()) }
  running++
  try {
    return await innermost.run(transaction, f)
  } finally {
    // What is still in this context keeps neither the owner nor a claim to be in its transaction.
    transaction.owner = undefined
    // Node 20 makes every promise of the process slower while it is enabled.
    if (--running === 0) innermost.disable()
  }
}

function isIn(owner) {
  for (let each = unended(innermost.getStore()); each !== undefined; each = unended(each.outer)) {
    if (each.owner === owner) return true
  }
  return false
}

function unended(transaction) {
  while (transaction !== undefined && transaction.owner === undefined) transaction = transaction.outer
  return transaction
}

module.exports = { isIn, runIn }
