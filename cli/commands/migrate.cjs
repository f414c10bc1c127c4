'use strict'

/** `migrate`: copies all documents of another store into a table. */

const { invalidArgument } = require('../../lib/arguments.js')
const { importAll } = require('../import-documents.cjs')
const { CONCURRENCY, OVERWRITE_METAS, checkEndpoint } = require('../options.cjs')

async function run(context) {
  const source = openSource(context)
  const table = context.openTable()
  const names = await source.names()
  await importAll(
    context,
    table,
    names,
    name => source.read(name),
    name => name
  )
}

function openSource(context) {
  const { options } = context
  const { from, 'from-region': region, 'from-endpoint': endpoint, 'from-profile': profile } = options
  const [, kind, place] = /^(leveldb|dynamodb):(.+)$/s.exec(from ?? '') ?? []
  if (kind === undefined)
    throw invalidArgument(
      `${from === undefined ? 'migrate needs a source' : `--from ${from} is no source`}: give --from leveldb:PATH or --from dynamodb:TABLE`
    )
  const { LevelDb } = require('../sources/leveldb.cjs')
  const { DynamoDb } = require('../sources/dynamodb.cjs')
  if (kind === 'leveldb') {
    if (region ?? endpoint ?? profile)
      throw invalidArgument('--from-region, --from-endpoint and --from-profile are for --from dynamodb:')
    return context.closeLater(new LevelDb(place))
  }
  checkEndpoint(endpoint, '--from-endpoint')
  const source = {
    table: place,
    region: region ?? options.region,
    endpoint: endpoint ?? options.endpoint,
    profile: profile ?? options.profile
  }
  if (['table', 'region', 'endpoint', 'profile'].every(key => source[key] === options[key])) {
    throw invalidArgument(
      '--from is the same table: a table of the original package is used as it is (see docs/MOVING.md)'
    )
  }
  return context.closeLater(new DynamoDb(source))
}

module.exports = {
  name: 'migrate',
  synopsis: '--from SOURCE',
  positionals: [0, 0],
  options: {
    'from': {
      value: 'SOURCE',
      help: 'leveldb:PATH (a store of y-leveldb) or dynamodb:TABLE (of this package or the original one)'
    },
    'from-region': { value: 'REGION', help: 'the region of dynamodb:TABLE (default: --region)' },
    'from-endpoint': { value: 'URL', help: 'the endpoint of dynamodb:TABLE (default: --endpoint)' },
    'from-profile': { value: 'NAME', help: 'the profile for dynamodb:TABLE (default: --profile)' },
    ...OVERWRITE_METAS,
    ...CONCURRENCY
  },
  summary: 'Copies all documents of y-leveldb, or of another table, into the table.',
  details: `The source is only read; stop the servers that write to it first. The table must exist:
create-table creates it. leveldb: needs y-leveldb (npm install y-leveldb).

Only what the table lacks is stored. What was stored is read back and compared. Run it again
after an interruption, or to check the result. Metas are copied byte for byte. A document is not
copied if damage may have destroyed some of its updates (ERR_CORRUPT, exit code 1). Items in
quarantine are not copied; a line says how many.`,
  run
}
