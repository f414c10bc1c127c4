// An ES module with every call. tsc checks it; it never runs.
import DynamoDbPersistence, {
  DynamoDbPersistence as Named, PersistenceError, PREFERRED_TRIM_SIZE, getDynamoDbUpdates
} from 'y-dynamodb'
import * as Y from 'yjs'

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true : false
function same<A, B> (_: Equal<A, B>): void {}

const config: DynamoDbPersistence.Config = {
  tableName: 'docs',
  skipCreateTable: true,
  batchDelayMs: 10,
  gc: false,
  Y,
  billingMode: 'PROVISIONED',
  onCorruptUpdate: 'skip',
  onError (error, { docName, operation, update }) {
    same<typeof error, PersistenceError>(true)
    same<typeof docName, string | undefined>(true)
    same<typeof operation, string>(true)
    same<typeof update, Uint8Array | undefined>(true)
  },
  aws: {
    region: 'us-west-2',
    endpoint: new URL('http://localhost:8000'),
    credentials: async () => ({ accessKeyId: 'a', secretAccessKey: 'b', sessionToken: 'c', expiration: new Date() }),
    maxRetries: 3,
    maxAttempts: 4,
    connectTimeoutMs: 1,
    requestTimeoutMs: 1,
    operationTimeoutMs: 1,
    httpOptions: { timeout: 1, connectTimeout: 1, agent: undefined },
    requestHandler: { requestTimeout: 1, connectionTimeout: 1 },
    apiVersion: '2012-08-10'
  }
}

const persistence = new DynamoDbPersistence(config)
const without: DynamoDbPersistence = DynamoDbPersistence({ tableName: 'docs', aws: { endpoint: 'memory:' } })
const named: Named = Named({ tableName: 'docs', aws: { accessKeyId: 'a', secretAccessKey: 'b', sessionToken: 'c', profile: 'p' } })
same<typeof PREFERRED_TRIM_SIZE, 500>(true)

/** As in `y-websocket/bin/utils` and `@y/websocket-server/utils`, whose own typings need types that they do not include. */
declare class WSSharedDoc extends Y.Doc { name: string }
declare function setPersistence (persistence: {
  bindState: (docName: string, ydoc: WSSharedDoc) => void
  writeState: (docName: string, ydoc: WSSharedDoc) => Promise<any>
  provider: any
} | null): void

interface Settings { theme: 'dark' | 'light', tags: readonly string[], parent?: Settings }

export async function everyCall (): Promise<void> {
  const doc: Y.Doc = await persistence.getYDoc('doc')
  await persistence.getYDoc('doc', true)
  await persistence.getYDoc('doc', { gc: false, guid: 'g' }, true)
  await persistence.getYDoc('doc', undefined, true)

  same<number, Awaited<ReturnType<typeof persistence.storeUpdate>>>(true)
  await persistence.storeUpdate('doc', Y.encodeStateAsUpdate(doc))
  await persistence.storeUpdate('doc', Buffer.from([0, 0]), true)

  const stateVector: Uint8Array = await persistence.getStateVector('doc')
  await persistence.getStateVector('doc', true)
  const diff: Uint8Array = await persistence.getDiff('doc', stateVector)
  await persistence.getDiff('doc')
  await persistence.getDiff('doc', null, true)
  Y.applyUpdate(doc, diff)

  await persistence.clearDocument('doc')
  await persistence.clearDocument('doc', true)
  const clock: number = await persistence.flushDocument('doc')
  await persistence.flushDocument('doc', true)

  await persistence.setMeta('doc', 'key', { a: [1, 'b', null, undefined, 1n, true, new Uint8Array(1), { c: -0 }] })
  await persistence.setMeta('doc', 'key', 'value', true)
  const settings: Settings = { theme: 'dark', tags: ['a'], parent: { theme: 'light', tags: [] } }
  await persistence.setMeta('doc', 'settings', settings)
  await persistence.setMeta('doc', 'list', [1, 2, 3] as const)
  await persistence.setMeta('doc', 'any', JSON.parse('{}'))
  const meta: unknown = await persistence.getMeta('doc', 'key')
  await persistence.getMeta('doc', 'key', true)
  const metas: Map<string, unknown> = await persistence.getMetas('doc')
  await persistence.getMetas('doc', true)
  await persistence.delMeta('doc', 'key')
  await persistence.delMeta('doc', 'key', true)

  const names: string[] = await persistence.getAllDocNames()
  for (const { name, sv, clock } of await persistence.getAllDocStateVectors()) {
    same<[typeof name, typeof sv, typeof clock], [string, Uint8Array, number]>(true)
  }
  for await (const name of persistence.docNames()) same<typeof name, string>(true)
  for await (const state of persistence.docStateVectors()) same<typeof state, DynamoDbPersistence.DocState>(true)
  await persistence.clearAll()

  const updates = await persistence.transact((db, config) => getDynamoDbUpdates(db, config.tableName, 'doc'))
  const key: ['v1', string, 'update', number, ...number[]] | undefined = updates[0]?.ykeysort
  const value: Uint8Array | undefined = updates[0]?.value
  await persistence.transact(async db => DynamoDbPersistence.getDynamoDbUpdates(db, 'docs', 'doc'))
  const result: number = await persistence.transact(() => 1)

  await persistence.bindState('doc', doc)
  same<void, Awaited<ReturnType<typeof persistence.whenBound>>>(true)
  await persistence.whenBound(doc)
  await persistence.writeState('doc', doc)
  same<typeof persistence.provider, typeof persistence>(true)
  setPersistence(persistence)

  const stats: DynamoDbPersistence.Stats = persistence.stats()
  const units: number = stats.requests.PutItem.writeUnits + stats.batches.stored + stats.compactions.done + stats.queue.openCalls + stats.bound.waitingBytes
  const message: DynamoDbPersistence.Diagnostics['y-dynamodb:batch'] | undefined = undefined

  await persistence.close()
  await without.destroy()
  await named.close()
  void [units, message, clock, meta, metas, names, key, value, result]
}

export async function errors (): Promise<string | undefined> {
  try {
    await persistence.getYDoc('doc')
  } catch (error) {
    if (!(error instanceof PersistenceError)) throw error
    if (!(error instanceof DynamoDbPersistence.PersistenceError)) throw error
    switch (error.code) {
      case 'ERR_CORRUPT': return error.docName
      case 'ERR_THROTTLED': return error.retryable ? error.requestId : undefined
      // @ts-expect-error: not a code
      case 'ERR_NONE': return
      default: return error.message
    }
  }
  return undefined
}

export function mistakes (): void {
  // @ts-expect-error: no table
  DynamoDbPersistence({})
  // @ts-expect-error: not an option of aws
  DynamoDbPersistence({ tableName: 'docs', aws: { regoin: 'us-west-2' } })
  // @ts-expect-error: not an option
  DynamoDbPersistence({ tableName: 'docs', tabelName: 'docs' })
  // @ts-expect-error: not an update
  void persistence.storeUpdate('doc', [0, 0])
  // @ts-expect-error: a function is no meta
  void persistence.setMeta('doc', 'key', () => 1)
  // @ts-expect-error: nor does a meta contain functions
  void persistence.setMeta('doc', 'key', { a: [() => 1] })
  // @ts-expect-error: a map is no meta
  void persistence.setMeta('doc', 'key', new Map())
  // @ts-expect-error: a date is no meta
  void persistence.setMeta('doc', 'key', new Date())
  // @ts-expect-error: not a document
  void persistence.bindState('doc', new Uint8Array(2))
  // @ts-expect-error: not a handle
  void getDynamoDbUpdates({}, 'docs', 'doc')
}
