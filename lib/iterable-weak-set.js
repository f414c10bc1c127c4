'use strict'

/** A set that does not keep its elements in memory, and can be iterated. */
class IterableWeakSet {
  #refs = new Set()
  #refOf = new WeakMap()
  #collected = new FinalizationRegistry(ref => this.#refs.delete(ref))

  add(element) {
    if (this.#refOf.has(element)) return
    const ref = new WeakRef(element)
    this.#refOf.set(element, ref)
    this.#refs.add(ref)
    this.#collected.register(element, ref, ref)
  }

  delete(element) {
    const ref = this.#refOf.get(element)
    if (ref === undefined) return
    this.#refOf.delete(element)
    this.#refs.delete(ref)
    this.#collected.unregister(ref)
  }

  *[Symbol.iterator]() {
    for (const ref of this.#refs) {
      const element = ref.deref()
      if (element !== undefined) yield element
    }
  }
}

module.exports = { IterableWeakSet }
