/**
 * Runs the complete files of a page: programs to their end, servers until their first line.
 *
 * Only the endpoint is changed: AWS, or a file in the reader's folder, becomes a file in a folder of the test. So a second run
 * of a program finds what the first one stored, as it does for the reader.
 */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { ROOT } from '../../scripts/tools.mjs'
import { shownIn } from '../../scripts/programs.mjs'
import { until } from '../support/until.mjs'
import { matches } from './shown.mjs'

const LIMIT_MS = 60_000
const ON_AWS = /aws: \{ region: '[^']+' \}/g
const ON_FILE = /'file:\.\/([^']+)'/g
/** This repository installs several versions of one package under other names. */
const ALIASES = { 'y-websocket/bin/utils': 'y-websocket-2/bin/utils' }

/** A folder that is deleted when the test ends. */
export const folderOf = t => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'y-dynamodb-docs-'))
  t.after(() => fs.rmSync(folder, { recursive: true, force: true }))
  return folder
}

const inFolder = (source, folder) => {
  const file = name => JSON.stringify(`file:${path.join(folder, name)}`)
  return Object.entries(ALIASES)
    .reduce((text, [shown, ours]) => text.replaceAll(`'${shown}'`, `'${ours}'`), source)
    .replace(ON_AWS, `aws: { region: 'local', endpoint: ${file('docs.db')} }`)
    .replace(ON_FILE, (_, name) => file(name))
}

const isCommonJs = source => /\brequire\(/.test(source) && !/^import /m.test(source)

const argumentsOf = source => [`--input-type=${isCommonJs(source) ? 'commonjs' : 'module'}`, '--eval', source]

/** The output must match the `// →` comments, in order. A program without such a comment may print anything. */
export const runProgram = ({ text, name }, folder) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, argumentsOf(inFolder(text, folder)), {
    cwd: ROOT,
    encoding: 'utf8',
    timeout: LIMIT_MS
  })
  assert.equal(stderr, '', name)
  assert.equal(status, 0, name)
  const shown = shownIn(text)
  if (shown.length === 0) return
  const printed = stdout.split('\n').filter(line => line !== '')
  assert.equal(printed.length, shown.length, `${name} prints\n${stdout}`)
  shown.forEach((pattern, i) =>
    assert.ok(matches(printed[i], pattern), `${name} shows\n  ${pattern}\nand prints\n  ${printed[i]}`)
  )
}

/** Starts a server on a free port, waits for its first line, sends a request to the port it prints, and stops it by SIGTERM. */
export const runServer = async (t, { text }, folder) => {
  const child = spawn(process.execPath, argumentsOf(inFolder(text, folder)), {
    cwd: ROOT,
    env: { ...process.env, PORT: '0' }
  })
  let [printed, complaints] = ['', '']
  child.stdout.on('data', bytes => {
    printed += bytes
  })
  child.stderr.on('data', bytes => {
    complaints += bytes
  })
  let ended
  const end = new Promise(resolve => child.on('close', (code, signal) => resolve((ended = { code, signal }))))
  t.after(() => {
    child.kill('SIGKILL')
    return end
  })
  await until('the first line of the server', () => printed.includes('\n') || ended)
  assert.equal(ended, undefined, complaints)
  const [, port] = /port (\d+)/.exec(printed) ?? []
  if (port !== undefined) assert.ok((await fetch(`http://127.0.0.1:${port}/doc`)).status < 500)
  child.kill('SIGTERM')
  const { code, signal } = await end
  assert.equal(complaints, '')
  assert.ok(code === 0 || signal === 'SIGTERM', `ended with ${code ?? signal}`)
}
