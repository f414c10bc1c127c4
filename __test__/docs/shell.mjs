/** Checks that the commands of a page exist: npm scripts, files, packages, commands of `npx y-dynamodb` and their usage. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { ROOT } from '../../scripts/tools.mjs'

const manifest = JSON.parse(fs.readFileSync(path.join(ROOT, 'package.json'), 'utf8'))
const ALIASED = Object.values(manifest.devDependencies).flatMap(
  version => /^npm:(.+)@/.exec(version)?.[1] ?? []
)
const PACKAGES = new Set([
  manifest.name,
  ...ALIASED,
  ...Object.keys({ ...manifest.dependencies, ...manifest.devDependencies, ...manifest.peerDependencies })
])

const isOption = word => word.startsWith('-')

/** The output of `npx y-dynamodb [COMMAND] --help`. */
const helpOf = (...command) => {
  assert.ok(manifest.bin?.['y-dynamodb'], 'package.json has no bin y-dynamodb')
  const words = [path.join(ROOT, manifest.bin['y-dynamodb']), ...command, '--help']
  const { status, stdout } = spawnSync(process.execPath, words, { encoding: 'utf8' })
  assert.equal(status, 0, `npx y-dynamodb ${command} is no command`)
  return stdout
}

/** The usage of the command line, or of one of its commands, must equal the output of `--help`. */
export const checkUsage = text => {
  const [, command] = /^Usage: y-dynamodb ([a-z][a-z-]*)?/.exec(text)
  assert.equal(text.trim(), helpOf(...(command === undefined ? [] : [command])).trim())
}

const NPM = {
  install: words =>
    words
      .filter(word => !isOption(word))
      .forEach(word =>
        assert.ok(
          PACKAGES.has(word.replace(/(?!^)@.*/, '')),
          `npm install ${word}: not a package that is tested here`
        )
      ),
  run: ([script]) => assert.ok(manifest.scripts[script], `npm run ${script}: no such script`),
  test: () => assert.ok(manifest.scripts.test),
  init: () => {}
}

/** Files of the installed package that `cp` copies: `node_modules/y-dynamodb/FOLDER/*.mjs`. */
const copiedBy = pattern => {
  const [, folder] = /^node_modules\/y-dynamodb\/(.+)\/\*\.mjs$/.exec(pattern) ?? []
  assert.ok(manifest.files.includes(folder), `cp ${pattern}: not in the published package`)
  return fs.readdirSync(path.join(ROOT, folder)).filter(name => name.endsWith('.mjs'))
}

const PROGRAMS = {
  cat: () => {},
  cp: ([from, to], ownFiles) => {
    assert.equal(to, '.')
    copiedBy(from).forEach(name => ownFiles.add(name))
  },
  npm: ([command, ...words]) => {
    assert.ok(NPM[command], `npm ${command} is not known to the test`)
    NPM[command](words)
  },
  node: ([file], ownFiles) =>
    assert.ok(ownFiles.has(file) || fs.existsSync(path.join(ROOT, file)), `node ${file}: no such file`),
  npx: ([name, command, ...words]) => {
    assert.equal(name, manifest.name)
    const help = helpOf(command)
    const unknown = words
      .filter(isOption)
      .map(word => word.split('=')[0])
      .filter(word => !help.includes(word))
    assert.deepEqual(unknown, [], `npx y-dynamodb ${command} has no such option`)
  }
}

/**
 * @param {string} text of an sh block
 * @param {Set<string>} ownFiles names of the programs that the page shows; those that `cp` copies are added
 */
export const checkCommands = (text, ownFiles) => {
  const lines = text
    .replaceAll('\\\n', ' ')
    .split('\n')
    .map(line => line.replace(/(^|\s)#.*/, '').trim())
    .filter(Boolean)
  assert.notEqual(lines.length, 0, 'a block without a command')
  for (const line of lines) {
    const [program, ...words] = line.split(/\s+/).filter(word => !/^[A-Z_]+=/.test(word))
    assert.ok(PROGRAMS[program], `${program} is not known to the test: mark the block`)
    PROGRAMS[program](words, ownFiles)
  }
}
