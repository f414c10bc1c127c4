/** Runs `round-trip.cjs` in a folder with the installed package, with an HTTPS server that only this program trusts. */
import fs from 'node:fs'
import { createServer } from 'node:https'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { PLATFORMS } from '../platforms.mjs'
import { run, succeed } from '../quiet.mjs'
import { VERSIONS, cpuOf, libcOf } from './targets.mjs'

const PROGRAM = fileURLToPath(new URL('round-trip.cjs', import.meta.url))
const LETTERS = 1_500_000
const TABLE = {
  TableStatus: 'ACTIVE',
  AttributeDefinitions: [
    { AttributeName: 'ydocname', AttributeType: 'S' },
    { AttributeName: 'ykeysort', AttributeType: 'B' }
  ],
  KeySchema: [
    { AttributeName: 'ydocname', KeyType: 'HASH' },
    { AttributeName: 'ykeysort', KeyType: 'RANGE' }
  ]
}
/** The answers of the server. The item does not exist. */
const ANSWERS = { DescribeTable: { Table: TABLE }, GetItem: {} }

/** A certificate for localhost, and that of its authority, valid for a day. */
const certificate = async folder => {
  const file = name => path.join(folder, name)
  const make = (name, args) =>
    succeed('openssl', [
      ...[
        'req',
        '-x509',
        '-newkey',
        'ec',
        '-pkeyopt',
        'ec_paramgen_curve:prime256v1',
        '-nodes',
        '-days',
        '1'
      ],
      ...['-keyout', file(`${name}.key`), '-out', file(`${name}.pem`), '-subj', `/CN=${name}`, ...args]
    ])
  await make('authority', ['-addext', 'keyUsage=critical,keyCertSign'])
  await make('localhost', [
    ...['-CA', file('authority.pem'), '-CAkey', file('authority.key')],
    ...['-addext', 'subjectAltName=DNS:localhost', '-addext', 'basicConstraints=critical,CA:FALSE']
  ])
  return {
    authority: file('authority.pem'),
    cert: fs.readFileSync(file('localhost.pem')),
    key: fs.readFileSync(file('localhost.key'))
  }
}

/** A DynamoDB with an empty table. Resolves with `{ env, requests, close }`. */
const startServer = async folder => {
  const { authority, cert, key } = await certificate(folder)
  const requests = []
  const server = createServer({ cert, key }, (request, response) => {
    const operation = String(request.headers['x-amz-target']).split('.').at(-1)
    requests.push(operation)
    request.resume().on('end', () => {
      response.setHeader('content-type', 'application/x-amz-json-1.0')
      response.end(JSON.stringify(ANSWERS[operation]))
    })
  })
  await new Promise(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    env: { ENDPOINT: `https://localhost:${server.address().port}`, SSL_CERT_FILE: authority },
    requests,
    close: () => {
      server.closeAllConnections()
      server.close()
    }
  }
}

/** Starts the program. Resolves with `{ code, out, err, requests }`. */
const start = async (folder, [program, ...args]) => {
  fs.copyFileSync(PROGRAM, path.join(folder, path.basename(PROGRAM)))
  const server = await startServer(folder)
  try {
    const ended = await run(program, [...args, path.basename(PROGRAM)], { cwd: folder, env: server.env })
    return { ...ended, requests: server.requests }
  } finally {
    server.close()
  }
}

/**
 * Runs the round trip with that Node.js.
 *
 * @throws {Error} if the program fails, or if it ran on another processor or C library
 */
export const roundTrip = async (folder, node, platform) => {
  const { code, out, err, requests } = await start(folder, node)
  if (code !== 0) throw new Error(`the round trip ended with ${code}:\n${out}${err}`)
  const { version, ...result } = JSON.parse(out)
  const libc = { glibc: `glibc ${VERSIONS.glibc}`, musl: 'musl' }[libcOf(platform)] ?? PLATFORMS[platform].os
  const expected = { arch: cpuOf(platform), libc, memory: 11, file: LETTERS }
  for (const [name, value] of Object.entries(expected))
    if (result[name] !== value) throw new Error(`${name} is ${result[name]}, not ${value}`)
  if (requests.join() !== Object.keys(ANSWERS).join())
    throw new Error(`the server got ${requests.join() || 'no request'}`)
  const shownLibc = libc === 'musl' ? `musl ${VERSIONS.musl}` : libc
  return `round trip in Node.js ${version} on ${shownLibc}`
}

/**
 * Runs the round trip with a binary that needs a newer glibc, which shows that the round trip notices this.
 *
 * @throws {Error} if the program does not fail because of glibc
 */
export const roundTripFails = async (folder, node) => {
  const { code, err } = await start(folder, node)
  const [reason] = /version `GLIBC_[\d.]+' not found/.exec(err) ?? []
  if (code === 0 || !reason)
    throw new Error(`the binary that was linked without zig ended with ${code}:\n${err}`)
  return `without zig: ${reason}`
}
