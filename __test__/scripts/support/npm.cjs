/** An npm whose registry is the file in `REGISTRY`: an object from `name@version` to the checksum, in order of publication. */
const { createHash } = require('node:crypto')
const fs = require('node:fs')
const path = require('node:path')

const { REGISTRY, NPM_VERSION = '11.6.0', BROKEN } = process.env
const registry = JSON.parse(fs.readFileSync(REGISTRY, 'utf8'))
const [command, subject, ...options] = process.argv.slice(2)

const publish = () => {
  const integrity = `sha512-${createHash('sha512').update(fs.readFileSync(subject)).digest('base64')}`
  const name = path.basename(subject)
  if (BROKEN && name.includes(BROKEN)) process.exit(1)
  registry.published.push({ name, options, integrity })
  if (!options.includes('--dry-run')) fs.writeFileSync(REGISTRY, JSON.stringify(registry))
}

/** As npm names the file of `@scope/name@version`: scope-name-version.tgz. */
const view = () => {
  const name = `${subject.replace(/^@/, '').replace(/[/@]/g, '-')}.tgz`
  const found = registry.published.findLast(each => each.name === name)
  if (found) return process.stdout.write(JSON.stringify(found.integrity))
  process.stdout.write(JSON.stringify({ error: { code: registry.down ? 'ECONNREFUSED' : 'E404' } }))
  process.exitCode = 1
}

if (command === '--version') process.stdout.write(NPM_VERSION)
else if (command === 'publish') publish()
else view()
