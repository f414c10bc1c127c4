/** `y-dynamodb/hocuspocus`: persists the documents of a Hocuspocus server. See docs/HOCUSPOCUS.md. */
import DynamoDbPersistence = require('../index.js')

/**
 * An extension for Hocuspocus servers: `new Server({ extensions: [new DynamoDB(config)] })`.
 *
 * A document is loaded before the first client gets it, every change is stored as it comes, and the document leaves memory
 * when all of it is durable. What the table refuses is tried again, and told to `config.onError`.
 */
export declare class DynamoDB {
  /**
   * @param options the configuration of a persistence of its own, which is closed with the server; or a persistence, which
   *   is not: close it after the server
   * @throws PersistenceError `ERR_INVALID_ARGUMENT` for a wrong or unknown option
   */
  constructor(options: DynamoDbPersistence.Config | { persistence: DynamoDbPersistence })

  readonly extensionName: string

  /** The persistence given, or its own. */
  readonly persistence: DynamoDbPersistence

  /** Remembers that the server listens: one that has, and no longer does, is being destroyed. */
  onListen(payload: { instance: DynamoDB.Stored['instance'] }): Promise<void>

  /** Loads the document. Rejects with the code of the read where it cannot be loaded: the server refuses the client. */
  onLoadDocument(payload: {
    documentName: string
    document: DynamoDbPersistence.SharedDoc & { destroy(): void }
  }): Promise<void>

  /**
   * For a direct connection, whose `transact` waits for it: resolves when all that changed in the document until now is
   * durable. For a client, which nobody lets wait: resolves at once. Never rejects.
   */
  onStoreDocument(payload: DynamoDB.Stored & { socketId?: string }): Promise<void>

  /** Resolves when all that changed in the document until now is durable. Never rejects. */
  beforeUnloadDocument(payload: DynamoDB.Stored): Promise<void>

  /** Closes its own persistence; with a given one waits until everything is durable, or an attempt has failed. */
  onDestroy(): Promise<void>
}

export declare namespace DynamoDB {
  /** What it reads of the payload of two hooks. */
  interface Stored {
    document: DynamoDbPersistence.SharedDoc
    instance: { server?: { httpServer: { listening: boolean } } | undefined }
  }
}
