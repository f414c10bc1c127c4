/** Publishing packed packages, with an npm that only notes what it gets. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { requireChecksums, writeChecksums } from '../../scripts/checksums.mjs'
import { PLATFORMS, packageName, tarballName } from '../../scripts/platforms.mjs'
import { repositoryUrl } from '../../scripts/repository.mjs'
import { ROOT } from '../../scripts/tools.mjs'

const { name: main, version } = JSON.parse(fs.readFileSync(path.join(ROOT, 'package.json'), 'utf8'))
const FILES = [...Object.keys(PLATFORMS).map(packageName), main].map(name => tarballName(name, version))

describe('publish.mjs', () => {
  let folder
  let packed
  let registry

  const write = content => fs.writeFileSync(registry, JSON.stringify(content))
  const published = () => JSON.parse(fs.readFileSync(registry, 'utf8')).published

  const publish = (env = {}, ...args) => {
    const { GITHUB_ACTIONS, ...inherited } = process.env
    const [GITHUB_SERVER_URL, GITHUB_REPOSITORY] = repositoryUrl.split(/(?<=\.com)\//)
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [path.join(ROOT, 'scripts', 'publish.mjs'), packed, ...args],
      {
        encoding: 'utf8',
        env: {
          ...inherited,
          npm_execpath: path.join(ROOT, '__test__', 'scripts', 'support', 'npm.cjs'),
          REGISTRY: registry,
          GITHUB_SERVER_URL,
          GITHUB_REPOSITORY,
          ...env
        }
      }
    )
    return { status, out: `${stdout}${stderr}` }
  }

  beforeEach(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'y-dynamodb-publish-'))
    packed = path.join(folder, 'packed')
    registry = path.join(folder, 'registry.json')
    fs.mkdirSync(packed)
    for (const name of FILES) fs.writeFileSync(path.join(packed, name), name)
    writeChecksums(packed)
    write({ published: [] })
  })

  afterEach(() => fs.rmSync(folder, { recursive: true }))

  test('publishes the JavaScript package last, and with provenance in a workflow only', () => {
    assert.equal(publish().status, 0)
    assert.deepEqual(
      published().map(({ name }) => name),
      FILES
    )
    assert(published().every(({ options }) => !options.includes('--provenance')))
    write({ published: [] })
    assert.equal(publish({ GITHUB_ACTIONS: 'true' }).status, 0)
    assert(published().every(({ options }) => options.includes('--provenance')))
  })

  test('continues after a failure, and publishes nothing twice', () => {
    const { status, out } = publish({ BROKEN: 'darwin-x64' })
    assert.equal(status, 1)
    assert.match(out, /@y-dynamodb\/darwin-x64 was not published/)
    assert.equal(
      published().length,
      FILES.findIndex(name => name.includes('darwin-x64'))
    )
    assert.equal(publish().status, 0)
    assert.equal(publish().status, 0)
    assert.equal(published().length, FILES.length)
  })

  test('stops if npm has a version with another checksum', () => {
    write({ published: [{ name: FILES[0], integrity: 'sha512-other', options: [] }] })
    const { status, out } = publish()
    assert.equal(status, 1)
    assert(out.includes('sha512-other'), out)
    assert.equal(published().length, 1)
  })

  test('stops if npm does not answer, instead of taking the package for a new one', () => {
    write({ published: [], down: true })
    assert.equal(publish().status, 1)
    assert.deepEqual(published(), [])
  })

  test('stops if the packages are not those that were tested', () => {
    const CHECKSUMS = requireChecksums(packed)
    fs.writeFileSync(path.join(packed, FILES[0]), 'changed')
    assert.equal(publish({ CHECKSUMS }).status, 1)
    writeChecksums(packed)
    assert.equal(publish({ CHECKSUMS }).status, 1)
    assert.deepEqual(published(), [])
    assert.equal(publish().status, 0)
  })

  test('needs an npm that can publish without a token, in a workflow', () => {
    const { status, out } = publish({ GITHUB_ACTIONS: 'true', NPM_VERSION: '11.5.0' })
    assert.equal(status, 1)
    assert.match(out, /11\.5\.1/)
  })

  test('publishes nothing from the workflow of another repository, and says what to change', () => {
    const { status, out } = publish({ GITHUB_ACTIONS: 'true', GITHUB_REPOSITORY: 'Ada/y-dynamodb' })
    assert.equal(status, 1)
    assert.match(out, /https:\/\/github\.com\/Ada\/y-dynamodb in repository\.url, homepage and bugs/)
    assert.deepEqual(published(), [])
  })

  test('publishes nothing with --dry-run', () => {
    assert.equal(publish({}, '--dry-run').status, 0)
    assert.deepEqual(published(), [])
  })
})
