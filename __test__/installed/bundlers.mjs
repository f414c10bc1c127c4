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
import { command, files } from './support/page.mjs'
import { project, run, succeed, temporaryFolder, write } from './support/project.mjs'
import { OUTPUT, READ_TWICE, commonJs, esModule, nextRoute } from './support/round-trip.mjs'

const SERVER_LIMIT_MS = 60_000

describe('bundles', { concurrency: false }, () => {
  let folder
  before(async () => {
    folder = await project('bundlers')
    write(folder, {
      ...files,
      'server.mjs': esModule,
      'server.cjs': commonJs,
      'read.cjs': READ_TWICE,
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

  describe('with one of y-dynamodb and yjs in the bundle', () => {
    const bundle = (program, out, ...options) =>
      bin(['esbuild', program, '--bundle', '--platform=node', `--outfile=${out}`, ...options])
    const start = file => run(process.execPath, [file], { cwd: folder })

    test('without y-dynamodb, bindState says which option to set', async () => {
      await bundle('server.cjs', 'dist/half/server.cjs', '--external:y-dynamodb')
      const { code, out } = await start('dist/half/server.cjs')
      assert.equal(code, 1)
      assert.match(out, /mark both as external/)
    })

    test('without y-dynamodb, getYDoc says once which option to set', async () => {
      await bundle('read.cjs', 'dist/half/read.cjs', '--external:y-dynamodb')
      const { code, out } = await start('dist/half/read.cjs')
      assert.equal(code, 0)
      assert.match(out, /^false false$/m)
      assert.deepEqual(out.match(/Y_DYNAMODB_SECOND_YJS|mark both as external|Yjs was already imported/g), [
        'Y_DYNAMODB_SECOND_YJS',
        'mark both as external'
      ])
    })

    test('without yjs, all use the same copy', async () => {
      const ours = command('esbuild server.cjs').filter(each => /^--(loader|log-override)/.test(each))
      await bundle('server.cjs', 'dist/half/without-yjs.cjs', '--external:yjs', ...ours)
      assert.deepEqual(await start('dist/half/without-yjs.cjs'), { code: 0, out: OUTPUT })
      const esm = command('esbuild server.mjs').filter(each => /^--(loader|format|banner)/.test(each))
      await bundle('server.mjs', 'dist/half/without-yjs.mjs', '--external:yjs', ...esm)
      assert.deepEqual(await start('dist/half/without-yjs.mjs'), { code: 0, out: OUTPUT })
    })
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
