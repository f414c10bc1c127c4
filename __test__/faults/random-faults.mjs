/**
 * Random faults for the proxy: simple ones in a share of the requests, eventually consistent reads that return stale data, and
 * writes that are applied a second time, later.
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

/** The fault that `choose` returns, in a share of the requests that satisfy `when`. */
export function sometimes(chance, share, choose, when = () => true) {
  return request => (when(request) && chance() < share ? choose() : undefined)
}

export const isWrite = ({ operation }) => WRITES.has(operation)
export const isPaged = ({ operation }) => PAGED.has(operation)
export const isSeal = ({ operation }) => operation === 'UpdateItem'
export const isBatch = ({ operation }) => operation === 'BatchWriteItem'

/** An eventually consistent read finds nothing, as on a replica that has received no write yet. */
export function staleReads(seen = []) {
  return ({ operation, body }) => {
    if ((!PAGED.has(operation) && operation !== 'GetItem') || body.ConsistentRead === true) return undefined
    seen.push(operation)
    const nothing = PAGED.has(operation) ? { Items: [], Count: 0, ScannedCount: 0 } : {}
    return async ({ response }) => answer(response, { status: 200, body: JSON.stringify(nothing) })
  }
}

/** A share of the writes that satisfy `of` is applied once more within `withinMs`, after its answer. */
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

  /** Resolves when no write is left that will be applied again. */
  async ended() {
    while (this.#late.size > 0) await Promise.all(this.#late)
  }
}

/** The fault of the first rule that gives one. */
export function any(...rules) {
  return request => {
    for (const rule of rules) {
      const fault = rule(request)
      if (fault !== undefined) return fault
    }
    return undefined
  }
}

/** All faults, each in a share of the requests. */
export function allFaults(chance) {
  return any(
    staleReads(),
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
