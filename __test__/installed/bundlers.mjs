/**
 * The packed package in bundles. Each bundle is built as docs/BUNDLERS.md says, copied to a folder without `node_modules`,
 * and started there. Part of `npm run ready`; alone: `node --test __test__/installed/bundlers.mjs`.
 */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import { spawn } from 'node:child_process'
import { before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { readPage } from '../../scripts/markdown.mjs'
import { project, run, succeed, temporaryFolder, write } from './support/project.mjs'
import { OUTPUT, commonJs, esModule, nextRoute } from './support/round-trip.mjs'

const TOOLS = {
  'esbuild': 'latest',
  'webpack': 'latest',
  'node-loader': 'latest',
  'vite': 'latest',
  '@vercel/ncc': 'latest',
  '@vercel/nft': 'latest',
  'next': '16',
  'react': 'latest',
  'react-dom': 'latest'
}
const SERVER_LIMIT_MS = 60_000

/** The blocks of the page with the mark `<!-- bundled: NAME -->`. */
const shown = readPage('docs/BUNDLERS.md').blocks.filter(({ mark }) => mark?.kind === 'bundled')
const isCommand = ({ mark }) => mark.subject === 'command'
const files = Object.fromEntries(
  shown.filter(each => !isCommand(each)).map(({ mark, text }) => [mark.subject, text])
)

/** The command of the page that begins with `start`, as arguments. */
const command = start => {
  const lines = readPage('docs/BUNDLERS.md').blocks.flatMap(({ text }) =>
    text.replaceAll('\\\n', '').split('\n')
  )
  const line = lines.find(each => each.startsWith(`npx ${start}`))
  assert(line, `docs/BUNDLERS.md has no command npx ${start}`)
  return [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain).slice(1)
}

describe('bundles', { concurrency: false }, () => {
  let folder
  before(async () => {
    folder = await project(TOOLS, { scripts: true })
    write(folder, {
      ...files,
      'server.mjs': esModule,
      'server.cjs': commonJs,
      'next/app/letter/route.js': nextRoute
    })
  })

  const bin = (args, options) => succeed('npx', ['--no-install', ...args], { cwd: folder, ...options })

  /** Copies the output of a bundler to a new folder and runs it there. Output on standard error is a failure. */
  const runMoved = async (from, program) => {
    const target = temporaryFolder()
    fs.cpSync(path.join(folder, from), target, { recursive: true })
    const { code, out } = await run(process.execPath, [path.join(target, program)], { cwd: target })
    assert.deepEqual({ code, out }, { code: 0, out: OUTPUT })
  }

  test('esbuild, CommonJS', async () => {
    await bin(command('esbuild server.cjs'))
    await runMoved('dist/esbuild-cjs', 'server.cjs')
  })

  test('esbuild, ES module', async () => {
    await bin(command('esbuild server.mjs'))
    await runMoved('dist/esbuild-esm', 'server.mjs')
  })

  for (const entry of ['server.cjs', 'server.mjs']) {
    test(`webpack, ${entry}`, async () => {
      const build = `import webpack from 'webpack'
        import config from './webpack.config.mjs'
        webpack({ ...config, entry: './${entry}' }, (error, stats) => {
          if (error) throw error
          const { errors, warnings } = stats.toJson()
          for (const { message } of [...errors, ...warnings]) console.log(message)
          process.exitCode = errors.length + warnings.length
        })`
      await succeed(process.execPath, ['--input-type=module', '--eval', build], { cwd: folder })
      await runMoved('dist/webpack', 'server.cjs')
    })
  }

  test('Vite SSR', async () => {
    await bin(command('vite build'))
    await runMoved('dist/vite', 'server.mjs')
  })

  for (const [entry, index] of [
    ['server.cjs', 'index.cjs'],
    ['server.mjs', 'index.mjs']
  ]) {
    test(`ncc, ${entry}`, async () => {
      const out = `dist/ncc-${entry}`
      await bin([
        ...command('ncc build')
          .map(each => (each === 'server.mjs' ? entry : each))
          .slice(0, 3),
        '-o',
        out
      ])
      await runMoved(out, index)
    })
  }

  for (const entry of ['server.cjs', 'server.mjs']) {
    test(`@vercel/nft finds the binary, ${entry}`, async () => {
      const out = `dist/nft-${entry}`
      const trace = `import { nodeFileTrace } from '@vercel/nft'
        import fs from 'node:fs'
        const { fileList } = await nodeFileTrace(['${entry}'])
        for (const file of fileList) fs.cpSync(file, '${out}/' + file)`
      await succeed(process.execPath, ['--input-type=module', '--eval', trace], { cwd: folder })
      await runMoved(out, entry)
    })
  }

  test('Next.js, standalone', async t => {
    const next = path.join(folder, 'next')
    await bin(['next', 'build'], { cwd: next, env: { NEXT_TELEMETRY_DISABLED: '1' } })
    const target = temporaryFolder()
    fs.cpSync(path.join(next, '.next', 'standalone'), target, { recursive: true, verbatimSymlinks: true })
    // The root of the project is the folder with the lock file, one above.
    assert.equal(await request(t, path.join(target, 'next')), OUTPUT.trim())
  })

  test('a bundle without the binary says which option to set', async () => {
    await bin([
      'esbuild',
      'server.cjs',
      '--bundle',
      '--platform=node',
      '--external:*.node',
      '--external:@y-dynamodb/*',
      '--outfile=dist/without/server.cjs'
    ])
    const target = temporaryFolder()
    fs.cpSync(path.join(folder, 'dist/without'), target, { recursive: true })
    const { code, out } = await run(process.execPath, ['server.cjs'], { cwd: target })
    assert.equal(code, 1)
    assert.match(out, /mark y-dynamodb and yjs as external/)
  })

  test('a bundle with yjs and without y-dynamodb says which option to set', async () => {
    await bin([
      'esbuild',
      'server.cjs',
      '--bundle',
      '--platform=node',
      '--external:y-dynamodb',
      '--outfile=dist/half/server.cjs'
    ])
    const { out } = await run(process.execPath, ['dist/half/server.cjs'], { cwd: folder })
    assert.match(out, /mark both as external/)
  })
})

const freePort = () =>
  new Promise(resolve => {
    const server = net.createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      server.close(() => resolve(port))
    })
  })

/** Starts the standalone server and requests the page. */
const request = async (t, folder) => {
  const port = await freePort()
  const child = spawn(process.execPath, ['server.js'], {
    cwd: folder,
    env: { ...process.env, PORT: String(port), HOSTNAME: '127.0.0.1' },
    stdio: ['ignore', 'pipe', 'pipe']
  })
  t.after(() => child.kill('SIGKILL'))
  let out = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', text => (out += text))
  for (const end = Date.now() + SERVER_LIMIT_MS; Date.now() < end; await sleep(200)) {
    const response = await fetch(`http://127.0.0.1:${port}/letter`).catch(() => undefined)
    if (response?.ok) return await response.text()
    if (response) break
  }
  throw new Error(`the server answered with an error, or not at all:\n${out}`)
}
