/** `y-dynamodb/hocuspocus`: stores the documents of a Hocuspocus server. See docs/HOCUSPOCUS.md. */
import DynamoDbPersistence = require('../index.js')

/**
 * An extension for Hocuspocus servers: `new Server({ extensions: [new DynamoDB(config)] })`.
 *
 * The extension loads a document before the first client gets it, and stores every change at once. The document leaves memory
 * when all changes are durable. Updates that the table refuses are reported to `config.onError` and retried.
 */
export declare class DynamoDB {
  /**
   * @param options the configuration of a persistence of its own, which it closes with the server; or an existing persistence,
   *   which you close after the server
   * @throws PersistenceError `ERR_INVALID_ARGUMENT` for a wrong or unknown option
   */
  constructor(options: DynamoDbPersistence.Config | { persistence: DynamoDbPersistence })

  readonly extensionName: string

  /** The existing persistence, or its own. */
  readonly persistence: DynamoDbPersistence

  /** Records that the server listens. A server that has listened and no longer does is being destroyed. */
  onListen(payload: { instance: DynamoDB.Stored['instance'] }): Promise<void>

  /** Loads the document. If it cannot be loaded, rejects with the code of the read, and the server refuses the client. */
  onLoadDocument(payload: {
    documentName: string
    document: DynamoDbPersistence.SharedDoc & { destroy(): void }
  }): Promise<void>

  /**
   * After a change of a direct connection, resolves when all changes so far are durable; `transact` waits for that. After a
   * change of a client, resolves at once. Never rejects.
   */
  onStoreDocument(
    payload: DynamoDB.Stored & { socketId?: string; lastTransactionOrigin?: unknown }
  ): Promise<void>

  /** Resolves when all changes so far are durable. Never rejects. */
  beforeUnloadDocument(payload: DynamoDB.Stored): Promise<void>

  /** Closes its own persistence. With an existing one, waits until all changes are durable or an attempt has failed. */
  onDestroy(): Promise<void>
}

export declare namespace DynamoDB {
  /** The parts of the payload of two hooks that the extension reads. */
  interface Stored {
    document: DynamoDbPersistence.SharedDoc
    instance: { server?: { httpServer: { listening: boolean } } | undefined }
  }
}
