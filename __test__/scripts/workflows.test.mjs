/** The rules of the workflows that no general tool knows: what may publish, and what a job may use. */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { describe, test } from 'node:test'
import { parse } from 'yaml'
import { PLATFORMS } from '../../scripts/platforms.mjs'
import { ROOT } from '../../scripts/tools.mjs'

const FOLDER = path.join(ROOT, '.github', 'workflows')
const PINNED = /^\s*(?:- )?uses: [\w-]+\/[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/
const LOCAL = /^\s*uses: \.\/\.github\/workflows\/\w+\.yml$/
const IMPORT = /(?:^|\n)import [^'\n]*'([^']+)'|\n\} from '([^']+)'/g

const texts = Object.fromEntries(
  fs.readdirSync(FOLDER).map(name => [name, fs.readFileSync(path.join(FOLDER, name), 'utf8')])
)
const workflows = Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, parse(text)]))
const { 'release.yml': release, 'installation.yml': installation } = workflows

const jobs = Object.entries(workflows).flatMap(([name, workflow]) =>
  Object.entries(workflow.jobs).map(([job, content]) => ({
    permissions: workflow.permissions,
    ...content,
    name: `${name} ${job}`
  }))
)
const commandsOf = ({ steps = [] }) => steps.map(({ run = '' }) => run).join('\n')

/** All jobs that a job of the release waits for. */
const waitsFor = job => {
  const needs = [release.jobs[job].needs ?? []].flat()
  return new Set([...needs, ...needs.flatMap(each => [...waitsFor(each)])])
}

/** The packages that a script imports, with the scripts that it imports. */
const packagesOf = (file, seen = new Set()) => {
  if (seen.has(file)) return []
  seen.add(file)
  // Without template strings, which can contain programs.
  const code = fs.readFileSync(file, 'utf8').replace(/`[^`]*`/g, '``')
  const imported = [...code.matchAll(IMPORT)].map(([, one, other]) => one ?? other)
  return imported
    .filter(name => !name.startsWith('node:'))
    .flatMap(name => (name.startsWith('.') ? packagesOf(path.resolve(file, '..', name), seen) : [name]))
}

describe('the workflows', () => {
  test('use actions that are pinned by their commit', () => {
    for (const [name, text] of Object.entries(texts)) {
      const used = text.split(/\r?\n/).filter(line => /^\s*(?:- )?uses:/.test(line))
      assert.deepEqual(
        used.filter(line => !PINNED.test(line) && !LOCAL.test(line)),
        [],
        name
      )
    }
  })

  test('use no secrets, and no expressions in commands', () => {
    for (const [name, text] of Object.entries(texts)) assert(!text.includes('secrets.'), name)
    for (const job of jobs) assert(!commandsOf(job).includes('${{'), job.name)
  })

  test('limit the time and the permissions of each job', () => {
    for (const { name, uses, permissions, 'timeout-minutes': minutes } of jobs) {
      assert(uses || minutes > 0, name)
      assert(Object.keys(permissions).length > 0, name)
    }
    const signing = Object.keys(release.jobs).filter(name => release.jobs[name].permissions['id-token'])
    assert.deepEqual(signing, ['attest', 'publish'])
  })

  test('run no script that imports a package before npm installs it', () => {
    for (const job of jobs.filter(each => !/npm (ci|test)|\.ci\/run/.test(commandsOf(each))))
      for (const [script] of commandsOf(job).matchAll(/scripts\/[\w-]+\.mjs/g))
        assert.deepEqual(packagesOf(path.join(ROOT, script)), [], `${job.name}: ${script}`)
  })

  test('read programs and imports: a script with a package is found', () => {
    assert(packagesOf(path.join(ROOT, 'scripts', 'markdown.mjs')).includes('marked'))
  })
})

describe('the release', () => {
  test('builds and tests every platform', () => {
    const built = release.jobs.build.strategy.matrix.include
    assert.deepEqual(
      built.map(({ platform, target }) => [platform, target]),
      Object.entries(PLATFORMS).map(([platform, { target }]) => [platform, target])
    )
    const tested = installation.jobs.test.strategy.matrix.include.map(({ platform }) => platform)
    assert.deepEqual([...new Set(tested)].sort(), Object.keys(PLATFORMS).sort())
  })

  test('publishes only what all jobs before have checked, from a pushed tag', () => {
    assert.equal(
      release.jobs.publish.if,
      "github.event_name == 'push' && startsWith(github.ref, 'refs/tags/v')"
    )
    const before = ['source', 'checks', 'build', 'pack', 'test', 'attest', 'rehearse']
    assert.deepEqual([...waitsFor('publish')].sort(), before.sort())
    assert(!Object.values(release.jobs).some(job => /always|failure|cancelled/.test(job.if ?? '')))
  })

  test('packs once, and compares the checksums in every job that uses the packages', () => {
    const packing = jobs.filter(job => commandsOf(job).includes('pack.mjs')).map(({ name }) => name)
    assert.deepEqual(packing, ['release.yml pack'])
    const expected = '${{ needs.pack.outputs.checksums }}'
    for (const name of ['attest', 'rehearse', 'publish'])
      assert.equal(release.jobs[name].env.CHECKSUMS, expected, name)
    assert.equal(release.jobs.test.with.checksums, expected)
  })

  test('is not cancelled', () => {
    assert.equal(release.concurrency['cancel-in-progress'], false)
    for (const { concurrency } of [release, workflows['ci.yml']])
      assert.match(concurrency.group, /github\.run_id/)
  })
})
