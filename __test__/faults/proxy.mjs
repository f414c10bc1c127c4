/**
 * What the proxy in front of the engine does by chance: faults in a share of the requests, and two that need a memory:
 * eventual reads that lag behind, and writes that arrive a second time, late.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import {
  answer,
  delay,
  hang,
  loseResponse,
  pageOf,
  reset,
  serverError,
  throttle,
  unprocessed
} from '../support/proxy.mjs'

const WRITES = new Set(['PutItem', 'UpdateItem', 'DeleteItem', 'BatchWriteItem'])
const PAGED = new Set(['Query', 'Scan'])

/** The fault that `choose` gives, for a share of the requests that `when` picks. */
export function sometimes(chance, share, choose, when = () => true) {
  return request => (when(request) && chance() < share ? choose() : undefined)
}

export const isWrite = ({ operation }) => WRITES.has(operation)
export const isPaged = ({ operation }) => PAGED.has(operation)
export const isSeal = ({ operation }) => operation === 'UpdateItem'
export const isBatch = ({ operation }) => operation === 'BatchWriteItem'

/** A read that does not ask for consistency finds nothing: it is answered by a replica that has heard of nothing yet. */
export function lagging(seen = []) {
  return ({ operation, body }) => {
    if ((!PAGED.has(operation) && operation !== 'GetItem') || body.ConsistentRead === true) return undefined
    seen.push(operation)
    const nothing = PAGED.has(operation) ? { Items: [], Count: 0, ScannedCount: 0 } : {}
    return async ({ response }) => answer(response, { status: 200, body: JSON.stringify(nothing) })
  }
}

/** A share of the writes that `of` picks arrives once more within `withinMs`, when it has long been answered. */
export class LateDuplicates {
  #late = new Set()
  count = 0

  constructor(chance, { share, withinMs, of = isWrite }) {
    const twice = async ({ response, forward }) => {
      answer(response, await forward())
      const again = sleep(chance() * withinMs)
        .then(() => forward())
        .finally(() => this.#late.delete(again))
      this.#late.add(again)
      this.count++
    }
    this.rule = sometimes(chance, share, () => twice, of)
  }

  /** When every write sent so far has arrived for the last time. */
  async settled() {
    while (this.#late.size > 0) await Promise.all(this.#late)
  }
}

/** The first of `rules` that has something to say. */
export function any(...rules) {
  return request => {
    for (const rule of rules) {
      const fault = rule(request)
      if (fault !== undefined) return fault
    }
    return undefined
  }
}

/** Everything at once, each now and then. */
export function weather(chance) {
  return any(
    lagging(),
    sometimes(chance, 0.05, () => throttle),
    sometimes(chance, 0.05, () => serverError),
    sometimes(chance, 0.03, () => reset),
    sometimes(chance, 0.02, () => hang),
    sometimes(chance, 0.08, () => loseResponse, isWrite),
    sometimes(chance, 0.5, () => unprocessed(Math.floor(chance() * 5)), isBatch),
    sometimes(chance, 0.5, () => pageOf(1 + Math.floor(chance() * 5)), isPaged),
    sometimes(chance, 0.3, () => delay(chance() * 30))
  )
}
