/** The checksums and the contents of the packed packages. */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { integrityOf, requireChecksums, writeChecksums } from '../../scripts/checksums.mjs'
import { readPage } from '../../scripts/markdown.mjs'
import { PLATFORMS, platformManifest, platformReadme } from '../../scripts/platforms.mjs'
import { repositoryUrl, withAbsoluteLinks } from '../../scripts/repository.mjs'
import { sbom } from '../../scripts/sbom.mjs'
import { ROOT } from '../../scripts/tools.mjs'

const MANIFEST = JSON.parse(fs.readFileSync(path.join(ROOT, 'package.json'), 'utf8'))

describe('the checksums of a folder', () => {
  let folder
  const file = name => path.join(folder, name)

  beforeEach(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'y-dynamodb-checksums-'))
    fs.writeFileSync(file('a.tgz'), 'a')
    writeChecksums(folder)
  })

  afterEach(() => fs.rmSync(folder, { recursive: true }))

  test('accept the files that they name', () => {
    const checksum = requireChecksums(folder)
    assert.match(checksum, /^[0-9a-f]{128}$/)
    assert.equal(requireChecksums(folder, checksum), checksum)
  })

  test('reject a changed, an added and a missing file', () => {
    fs.writeFileSync(file('a.tgz'), 'b')
    assert.throws(() => requireChecksums(folder), /SHA512SUMS/)
    fs.writeFileSync(file('a.tgz'), 'a')
    fs.writeFileSync(file('b.tgz'), 'b')
    assert.throws(() => requireChecksums(folder), /SHA512SUMS/)
    fs.rmSync(file('b.tgz'))
    requireChecksums(folder)
    fs.rmSync(file('a.tgz'))
    assert.throws(() => requireChecksums(folder), /SHA512SUMS/)
  })

  test('reject a list that was written again, and an expected checksum that got lost', () => {
    const checksum = requireChecksums(folder)
    fs.writeFileSync(file('a.tgz'), 'b')
    writeChecksums(folder)
    assert.throws(() => requireChecksums(folder, checksum), /checksum/)
    assert.throws(() => requireChecksums(folder, ''), /checksum/)
  })

  test('have the form that npm uses', () => {
    const { integrity } = JSON.parse(fs.readFileSync(path.join(ROOT, 'package-lock.json'), 'utf8')).packages[
      'node_modules/lib0'
    ]
    assert.equal(integrityOf(file('a.tgz')).length, integrity.length)
    assert(integrityOf(file('a.tgz')).startsWith('sha512-'))
  })
})

test('the list of contents names every crate and npm package once, with checksum and licence', () => {
  const { components } = sbom(['linux-x64-gnu'])
  const names = components.map(({ purl }) => purl)
  assert.equal(new Set(names).size, names.length)
  for (const expected of ['pkg:cargo/aws-sdk-dynamodb@', 'pkg:cargo/dynoxide-rs@', 'pkg:npm/lib0@'])
    assert(
      names.some(name => name.startsWith(expected)),
      expected
    )
  for (const name of ['pkg:cargo/criterion@', 'pkg:npm/typescript@'])
    assert(!names.some(each => each.startsWith(name)), name)
  for (const { purl, hashes, licenses } of components)
    assert(hashes.length === 1 && licenses.length === 1, purl)
})

describe('the repository', () => {
  test('is the same in all fields, in all packages and in the list of contents', () => {
    assert.match(repositoryUrl, /^https:\/\/github\.com\/[\w-]+\/[\w-]+$/)
    for (const platform of Object.keys(PLATFORMS)) {
      const { repository, homepage, bugs } = platformManifest(platform, MANIFEST)
      assert.deepEqual(repository, { type: 'git', url: `git+${repositoryUrl}.git` })
      assert.deepEqual([homepage, bugs], [`${repositoryUrl}#readme`, `${repositoryUrl}/issues`])
      assert(platformReadme(platform, MANIFEST).includes(`](${homepage})`))
    }
    const urls = sbom(['linux-x64-gnu']).metadata.component.externalReferences.map(({ url }) => url)
    assert(urls.length > 0 && urls.every(url => url.startsWith(repositoryUrl)))
  })

  test('is named by no other file', () => {
    const named = [
      ...fs.readdirSync(ROOT),
      ...fs.readdirSync(path.join(ROOT, 'docs')).map(name => `docs/${name}`)
    ]
      .filter(name => /\.(md|toml|c?js)$/.test(name))
      .filter(name => fs.readFileSync(path.join(ROOT, name), 'utf8').includes(repositoryUrl))
    assert.deepEqual(named, [])
  })
})

describe('the README of the package', () => {
  const page = readPage('README.md')
  const packed = withAbsoluteLinks(page.text)

  test('links to the files of the tag, and shows the picture of the tag', () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'y-dynamodb-readme-'))
    fs.writeFileSync(path.join(folder, 'README.md'), packed)
    const { links } = readPage(path.relative(ROOT, path.join(folder, 'README.md')))
    fs.rmSync(folder, { recursive: true })
    const form = new RegExp(`^${repositoryUrl}/(?<view>blob|raw)/v${MANIFEST.version}/(?<file>[^#]+)`)
    const own = links.map(href => form.exec(href)?.groups).filter(Boolean)
    assert.deepEqual(
      links.filter(href => !form.test(href)),
      page.links.filter(href => /^https:/.test(href))
    )
    assert(own.length > 15, `${own.length} links`)
    for (const { view, file } of own) {
      assert(fs.existsSync(path.join(ROOT, file)), file)
      assert.equal(view === 'raw', file.endsWith('.png'), file)
    }
  })

  test('differs in nothing but links', () => {
    const base = new RegExp(`${repositoryUrl}/(blob|raw)/v${MANIFEST.version}/`, 'g')
    assert.equal(packed.replace(base, ''), page.text)
  })

  test('keeps code, anchors and complete links', () => {
    for (const kept of [
      '`[a](b.md)`',
      '```md\n[a](b.md)\n```',
      '[a](#b)',
      '[a](https://example.com/b.md)',
      '[a](mailto:a@example.com)'
    ])
      assert.equal(withAbsoluteLinks(`${kept}\n`), `${kept}\n`)
  })
})

test('the README names the oldest yjs that npm accepts', () => {
  const [oldest] = /\d+\.\d+\.\d+/.exec(MANIFEST.peerDependencies.yjs)
  assert(readPage('README.md').text.replace(/\s+/g, ' ').includes(`yjs ${oldest} or newer`))
})
