/**
 * An extension for Hocuspocus: loads a document before the first client gets it, and stores each change as it comes, not
 * the whole document again and again.
 */
import * as Y from 'yjs'
import { Writer } from '../writer.mjs'

export class DynamoDb {
  #persistence
  #writer

  /** @param report is told of every failure: `report(error, documentName)` */
  constructor (persistence, report = () => {}) {
    this.#persistence = persistence
    this.#writer = new Writer(persistence, report)
  }

  /** A rejection refuses the client: better than an empty document. */
  async onLoadDocument ({ documentName, document }) {
    Y.applyUpdate(document, await this.#persistence.getDiff(documentName))
  }

  /** Each update; awaited by nobody. */
  async onChange ({ documentName, update }) {
    await this.#writer.store(documentName, update)
  }

  /** Before the document leaves memory: waits until all of it is stored. */
  async onStoreDocument ({ documentName }) {
    await this.#writer.settled(documentName)
  }

  async onDestroy () {
    await this.#writer.settled()
    await this.#persistence.close()
  }
}
