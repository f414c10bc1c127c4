/** Starts a server or a program of a page, or an example, in a process of its own, on the table of a test. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { ROOT } from '../../scripts/tools.mjs'
import { readPage } from '../../scripts/markdown.mjs'
import { until } from '../support/until.mjs'

/** The block of a page after `<!-- KIND: NAME -->`. */
export const blockOf = (page, name) => readPage(page).blocks.find(({ mark }) => mark?.subject === name)

/** That block as the arguments of a process, with `config.aws` and the table of the test. */
export const shownOn = (page, name, table) => {
  const { text } = blockOf(page, name)
  const { tableName, aws } = table.config()
  return ['--input-type=module', '--eval', onTable(text, tableName, aws)]
}

const onTable = (text, tableName, aws) =>
  text
    .replace(/tableName: '\w+'/, `tableName: ${JSON.stringify(tableName)}`)
    .replace(/aws: \{[^}]*\}/, `aws: ${JSON.stringify(aws)}`)

/** An example, which reads its table from the environment. */
export const example = name => [path.join(ROOT, 'examples', name)]

const environment = ({ endpoint, tableName }) => ({
  ...process.env,
  PORT: '0',
  TABLE: tableName,
  ENDPOINT: endpoint,
  AWS_REGION: 'us-west-2',
  AWS_ACCESS_KEY_ID: 'test',
  AWS_SECRET_ACCESS_KEY: 'test',
  NO_COLOR: '1'
})

/** @returns `{ child, output(), ended, port() }`; `ended` resolves with `{ code, signal }` */
export const start = (t, args, table) => {
  const child = spawn(process.execPath, args, { cwd: ROOT, env: environment(table) })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', text => {
      output += text
    })
  const ended = once(child, 'close').then(([code, signal]) => ({ code, signal }))
  t.after(() => {
    child.kill('SIGKILL')
    return ended
  })
  const port = () => until('the port of the server', () => /(?:port |ws:\/\/[^\s:]+:)(\d+)/.exec(output)?.[1])
  return { child, output: () => output, ended, port }
}
