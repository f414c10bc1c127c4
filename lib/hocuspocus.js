'use strict'

/**
 * `y-dynamodb/hocuspocus`: the extension for Hocuspocus servers. Knows which hooks the server waits for; the bound documents
 * load and store.
 *
 * Changes are received from the document itself and not from the hook `onChange`, which waits for the extensions before this
 * one and is not called for what they insert while the document loads.
 */

const { describe, invalidArgument } = require('./arguments.js')
const { documentsOf } = require('./documents.js')

/** The change of a direct connection: Hocuspocus 3 says so by the socket id, Hocuspocus 4 by the origin. */
const isDirect = ({ socketId, lastTransactionOrigin: origin }) =>
  socketId === 'server' || origin?.source === 'local'

/**
 * The class of one entry.
 *
 * @param DynamoDbPersistence creates the persistence if the options are a configuration
 */
function defineExtension(DynamoDbPersistence) {
  return class DynamoDB {
    extensionName = 'DynamoDB'
    #isOwn
    #documents
    /** The servers that have listened: of these, one that no longer listens is being destroyed. */
    #listened = new WeakSet()

    /** @param options `{ persistence }`, or the configuration of an own persistence */
    constructor(options) {
      this.#isOwn = !isGiven(options)
      this.persistence = this.#isOwn ? new DynamoDbPersistence(options) : options.persistence
      this.#documents = documentsOf.get(this.persistence)
    }

    async onListen({ instance }) {
      this.#listened.add(instance)
    }

    /** Runs before the first client gets the document. A rejection refuses the client, instead of serving an empty document. */
    async onLoadDocument({ documentName, document }) {
      try {
        await this.#documents.bindOnce(documentName, document)
      } catch (error) {
        // The server (3.4.4) does not destroy it, and the timer of its awareness would keep it in memory.
        document.destroy()
        throw error
      }
    }

    /**
     * Only a direct connection waits for this. For other changes the server (3.4.4) would queue one more run for each change
     * during a run.
     */
    async onStoreDocument(payload) {
      if (isDirect(payload)) await this.#stored(payload.document, payload.instance)
    }

    /** The server keeps the document in memory until this has ended. */
    beforeUnloadDocument({ document, instance }) {
      return this.#stored(document, instance)
    }

    /** After this the process may end. */
    async onDestroy() {
      if (this.#isOwn) await this.persistence.close()
      else await this.#documents.whenAllAttempted()
    }

    /** Waits until the table takes the changes. If the server is being destroyed, waits for one attempt only. */
    async #stored(document, instance) {
      while (!(await this.#documents.whenAttempted(document))) {
        if (this.#listened.has(instance) && !instance.server.httpServer.listening) return
      }
    }
  }
}

function isGiven(options) {
  if (typeof options !== 'object' || options === null)
    throw invalidArgument(`the options are not an object but ${describe(options)}`)
  const { persistence, ...others } = options
  if (persistence === undefined) return false
  if (!documentsOf.has(persistence))
    throw invalidArgument('options.persistence is not a DynamoDbPersistence of this package')
  const [other] = Object.keys(others)
  if (other !== undefined)
    throw invalidArgument(`options.${other} belongs to a configuration: the persistence has its own`)
  return true
}

module.exports = { defineExtension }
