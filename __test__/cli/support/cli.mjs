/** Runs the real executable as a user does, on a table of its own: in a database file, or on DynamoDB Local. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { DynamoDbPersistence, REGION, TestTable, isLocal } from '../../support/dynamodb.mjs'

export const ROOT = fileURLToPath(new URL('../../..', import.meta.url))
const MAIN = path.join(ROOT, 'cli', 'main.cjs')
const MISSING = fileURLToPath(new URL('missing.cjs', import.meta.url))
const TERMINAL = fileURLToPath(new URL('terminal.cjs', import.meta.url))
/** `outsideTransactionQueue`: the update gets an item of its own, which never changes. */
const OUTSIDE = true
const NOBODY = fileURLToPath(new URL('nobody.cjs', import.meta.url))

/** A folder that is deleted when the test ends. */
export function folder(t) {
  const made = fs.mkdtempSync(path.join(os.tmpdir(), 'y-dynamodb-cli-'))
  t.after(() => fs.rmSync(made, { recursive: true, force: true }))
  return made
}

/** A table that other processes can open. It is not created. */
export function sharedTable(t, tableName) {
  const endpoint = isLocal ? process.env.DYNAMODB_LOCAL_ENDPOINT : `file:${path.join(folder(t), 'dynamodb')}`
  return new TestTable({ endpoint, ...(tableName && { tableName }) })
}

/**
 * The same, with documents in it: `{ name: [updates] }`, each update in an item of its own, and metas: `{ name: { key: value } }`.
 */
export async function filledTable(t, documents, metas = {}) {
  const table = sharedTable(t)
  const persistence = DynamoDbPersistence(table.config({ compactionItems: 0 }))
  await Promise.all(
    Object.entries(documents).map(async ([name, updates]) => {
      for (const update of updates) await persistence.storeUpdate(name, update, OUTSIDE)
    })
  )
  for (const [name, values] of Object.entries(metas)) {
    for (const [key, value] of Object.entries(values)) await persistence.setMeta(name, key, value)
  }
  // Creates the table if there are no documents.
  await persistence.getStateVector('nothing')
  await persistence.close()
  return table
}

/** A table without documents. */
export async function emptyTable(t) {
  const table = sharedTable(t)
  const { code, stderr } = await cli(t, ['create-table', ...tableArgs(table)])
  if (code !== 0) throw new Error(stderr)
  return table
}

/** Results by the name of their document. */
export const byName = results => Object.fromEntries(results.map(result => [result.name, result]))

/** The options that name a table. */
export function tableArgs(table) {
  return ['--table', table.tableName, '--endpoint', table.endpoint]
}

/**
 * Starts a run.
 *
 * @param {{ env?: object, terminal?: boolean, without?: string, asNobody?: boolean, stdout?: number | 'pipe' }} [options]
 * `terminal`: both outputs pass for a terminal; `without`: a package that cannot be loaded; `asNobody`: without the
 * permissions of root; `stdout`: an open file
 */
export function start(
  t,
  args,
  { env = {}, terminal = false, without, asNobody = false, stdout = 'pipe' } = {}
) {
  const preloaded = [
    ...(terminal ? [TERMINAL] : []),
    ...(without ? [MISSING] : []),
    ...(asNobody ? [NOBODY] : [])
  ].flatMap(file => ['-r', file])
  const child = spawn(process.execPath, [...preloaded, MAIN, ...args], {
    env: {
      ...cleanEnvironment(process.env),
      AWS_REGION: REGION,
      ...(without && { MISSING_PACKAGE: without }),
      ...env
    },
    stdio: ['ignore', stdout, 'pipe']
  })
  t.after(() => child.kill('SIGKILL'))
  const run = { child, stdout: '', stderr: '' }
  child.stdout?.setEncoding('utf8').on('data', text => {
    run.stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', text => {
    run.stderr += text
  })
  run.ended = once(child, 'close').then(([code, signal]) => ({ ...run, code: code ?? signal }))
  return run
}

/** Runs to the end: `{ code, stdout, stderr }`. */
export function cli(t, args, options) {
  return start(t, args, options).ended
}

/** The same with `--json`, with `results` and `failures`, one per line. */
export async function cliJson(t, args, options) {
  const run = await cli(t, [...args, '--json'], options)
  return { ...run, results: parsed(run.stdout), failures: parsed(run.stderr).map(({ error }) => error) }
}

function parsed(text) {
  return text
    .split('\n')
    .filter(Boolean)
    .map(line => JSON.parse(line))
}

/** The environment without settings of this machine that change the output. */
function cleanEnvironment(env) {
  const { Y_DYNAMODB_TABLE, NO_COLOR, AWS_PROFILE, ...rest } = env
  return rest
}
