'use strict'

/**
 * `y-dynamodb/hocuspocus`: the extension for Hocuspocus servers. Knows which hooks the server waits for; what is loaded and
 * stored is the bound documents' affair.
 *
 * Changes are heard on the document itself, at once, and not in the hook `onChange`: that waits for the extensions before
 * this one, and says nothing of what they put into a document while it loads.
 */

const { describe, invalidArgument } = require('./arguments.js')
const { documentsOf } = require('./documents.js')

/** Whose socket the server names for a change of its own. */
const DIRECT_CONNECTION = 'server'

/**
 * The class of one entry.
 *
 * @param DynamoDbPersistence makes the persistence where only a configuration is given
 */
function define(DynamoDbPersistence) {
  return class DynamoDB {
    extensionName = 'DynamoDB'
    #isOwn
    #documents
    /** The servers that have listened: of the others, "not listening" says nothing. */
    #listened = new WeakSet()

    /** @param options `{ persistence }`, or the configuration of a persistence of its own */
    constructor(options) {
      this.#isOwn = !isGiven(options)
      this.persistence = this.#isOwn ? new DynamoDbPersistence(options) : options.persistence
      this.#documents = documentsOf.get(this.persistence)
    }

    async onListen({ instance }) {
      this.#listened.add(instance)
    }

    /** Before the first client gets the document: a rejection refuses the client, which is better than an empty document. */
    async onLoadDocument({ documentName, document }) {
      try {
        await this.#documents.bindOnce(documentName, document)
      } catch (error) {
        // The server (3.4.4) lets go of it without: the timer of its awareness would keep it in memory.
        document.destroy()
        throw error
      }
    }

    /**
     * A direct connection waits for this. Nobody else does, and the server (3.4.4) would queue one more run for each change
     * while one goes on.
     */
    async onStoreDocument({ document, instance, socketId }) {
      if (socketId === DIRECT_CONNECTION) await this.#stored(document, instance)
    }

    /** The document stays in memory until this is over. */
    beforeUnloadDocument({ document, instance }) {
      return this.#stored(document, instance)
    }

    /** After this the process may end. */
    async onDestroy() {
      if (this.#isOwn) await this.persistence.close()
      else await this.#documents.allTried()
    }

    /** However long the table fails; but a server that is being destroyed does not wait for another attempt. */
    async #stored(document, instance) {
      while (!(await this.#documents.tried(document))) {
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

module.exports = { define }
