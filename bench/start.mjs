/**
 * The time of `require('y-dynamodb')` in a new process, and that of the binary alone. The median of 20 each, in turn.
 *
 * npm run bench:start
 *
 * Exits with 1 if the package takes more than 10 ms of CPU time longer than the binary.
 */
import { execFileSync } from 'node:child_process'
import path from 'node:path'
import { addonName, ownPlatform } from '../scripts/platforms.mjs'
import { ROOT } from '../scripts/tools.mjs'

const RUNS = 20
const MOST_MS = 10
const FILES = {
  'the binary': addonName(ownPlatform()),
  'y-dynamodb/updates': 'entries/updates.cjs',
  'y-dynamodb': 'index.cjs'
}

const measure = file => {
  const program = `const started = process.hrtime.bigint(), cpu = process.cpuUsage()
    require(${JSON.stringify(path.join(ROOT, file))})
    const { user, system } = process.cpuUsage(cpu)
    console.log(JSON.stringify([Number(process.hrtime.bigint() - started) / 1e6, (user + system) / 1e3]))`
  return JSON.parse(execFileSync(process.execPath, ['-e', program], { encoding: 'utf8' }))
}

const median = numbers => numbers.toSorted((a, b) => a - b)[numbers.length >> 1]

const runs = new Map(Object.keys(FILES).map(name => [name, []]))
for (let run = 0; run < RUNS; run++)
  for (const [name, file] of Object.entries(FILES)) runs.get(name).push(measure(file))
const medians = new Map(
  [...runs].map(([name, all]) => [name, [0, 1].map(n => median(all.map(each => each[n])))])
)
for (const [name, [ms, cpuMs]] of medians)
  console.log(`${name}: ${ms.toFixed(1)} ms, ${cpuMs.toFixed(1)} ms of CPU time`)
const [[, binary], [, whole]] = [medians.get('the binary'), medians.get('y-dynamodb')]
process.exitCode = whole - binary > MOST_MS ? 1 : 0
