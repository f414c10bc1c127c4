/**
 * The file SHA512SUMS names every packed file with its checksum, so that the packages which are published are those that
 * were tested.
 *
 * node scripts/checksums.mjs FOLDER [CHECKSUM]
 *
 * Compares the files of a folder with its SHA512SUMS, and SHA512SUMS with CHECKSUM. Prints the checksum of SHA512SUMS.
 */
import { createHash } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { fail, isMain } from './tools.mjs'

const LIST = 'SHA512SUMS'

const sha512 = (file, encoding) => createHash('sha512').update(fs.readFileSync(file)).digest(encoding)

/** The checksum in npm's form, as in the `dist.integrity` of a published package. */
export const integrityOf = file => `sha512-${sha512(file, 'base64')}`

const listOf = folder =>
  fs
    .readdirSync(folder)
    .filter(name => name !== LIST)
    .sort()
    .map(name => `${sha512(path.join(folder, name), 'hex')}  ${name}\n`)
    .join('')

/** Writes the list of a folder. `sha512sum --check SHA512SUMS` can read it. */
export const writeChecksums = folder => fs.writeFileSync(path.join(folder, LIST), listOf(folder))

/**
 * Returns the checksum of the list.
 *
 * @throws {Error} if a file is missing, added or changed, or if the list has another checksum than `expected`
 */
export const requireChecksums = (folder, expected) => {
  const list = path.join(folder, LIST)
  if (!fs.existsSync(list))
    throw new Error(`${folder} has no ${LIST}: run node scripts/pack.mjs ${folder} --all`)
  if (fs.readFileSync(list, 'utf8') !== listOf(folder))
    throw new Error(`the files in ${folder} are not those in its ${LIST}`)
  const found = sha512(list, 'hex')
  if (expected !== undefined && found !== expected)
    throw new Error(`${list} has the checksum ${found}; expected is ${expected || 'none'}`)
  return found
}

if (isMain(import.meta.url)) {
  const [folder, expected] = process.argv.slice(2)
  if (!folder) fail('node scripts/checksums.mjs FOLDER [CHECKSUM]')
  try {
    process.stdout.write(`${requireChecksums(folder, expected)}\n`)
  } catch (error) {
    fail(error.message)
  }
}
