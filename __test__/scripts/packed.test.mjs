/** The checksums and the contents of the packed packages. */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { integrityOf, requireChecksums, writeChecksums } from '../../scripts/checksums.mjs'
import { sbom } from '../../scripts/sbom.mjs'
import { ROOT } from '../../scripts/tools.mjs'

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
