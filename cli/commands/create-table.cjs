'use strict'

/** `create-table`: creates the table. No other command does. */

async function run(context) {
  const { options, output } = context
  const table = context.openTable({
    create: true,
    billingMode: options.provisioned ? 'PROVISIONED' : undefined
  })
  await table.prepare()
  const created = table.stats().requests.CreateTable.requests > 0
  const what = created ? 'was created and is ACTIVE' : 'exists already, with the right keys'
  await output.result({ table: options.table, created }, `table ${options.table} ${what}`)
}

module.exports = {
  name: 'create-table',
  synopsis: '',
  options: { provisioned: { help: '5 provisioned read and write units, instead of on-demand billing' } },
  summary: 'Creates the table and waits until it is ACTIVE. Does nothing if it exists already.',
  details: `An existing table with other keys is an error (ERR_TABLE, exit code 1) and is not changed. With
--endpoint file:PATH it also creates the file.`,
  run
}
