/**
 * `node scripts/fuzz.mjs [target …] [--smoke] [--seconds=N]`: builds the fuzz targets of the update engine and runs each for
 * N seconds (default 60, with `--smoke` 10). The first inputs are those of `fuzz/corpus.mjs` and `fuzz/regressions`.
 * Installs cargo-fuzz if it is missing.
 *
 * If a nightly toolchain is installed, the targets run with AddressSanitizer; otherwise with overflow checks and assertions
 * only. The last lines report what ran. New inputs are saved in `fuzz/target/corpus`, crashing ones in `fuzz/artifacts`.
 * When you fix a crash, add its input to `fuzz/regressions/TARGET`.
 */
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { writeCorpus } from '../fuzz/corpus.mjs'
import { ROOT, fail, requireTools, run } from './tools.mjs'

const SEEDS = path.join(ROOT, 'fuzz/target/seeds')
const REGRESSIONS = path.join(ROOT, 'fuzz/regressions')
const TARGETS = ['validate', 'merge', 'diff', 'state_vector', 'verify']
/** Limits of libFuzzer: seconds and bytes for one input, MB for one allocation and for the process. */
const LIMITS = ['-timeout=5', '-max_len=4096', '-malloc_limit_mb=64', '-rss_limit_mb=2048']

const options = process.argv.slice(2).filter(option => option.startsWith('--'))
const chosen = process.argv.slice(2).filter(option => !option.startsWith('--'))
const seconds = Number(
  options.find(option => option.startsWith('--seconds='))?.slice(10)
    ?? (options.includes('--smoke') ? 10 : 60)
)
const targets = chosen.length > 0 ? chosen : TARGETS
const unknown = [
  ...targets.filter(target => !TARGETS.includes(target)),
  ...options.filter(option => !/^--(smoke|seconds=\d+)$/.test(option))
]

/**
 * The arguments and environment for cargo. AddressSanitizer needs nightly. The coverage counters are unstable flags too, but
 * work with stable if RUSTC_BOOTSTRAP is set.
 */
function toolchain() {
  const list = spawnSync('rustup', ['toolchain', 'list'], { encoding: 'utf8' }).stdout ?? ''
  const nightly = /^nightly\S*/m.exec(list)?.[0]
  return nightly === undefined
    ? { name: 'stable, no sanitizer', cargo: [], env: { RUSTC_BOOTSTRAP: '1' }, sanitizer: 'none' }
    : { name: `${nightly}, AddressSanitizer`, cargo: [`+${nightly}`], env: {}, sanitizer: 'address' }
}

async function installCargoFuzz() {
  if (spawnSync('cargo', ['fuzz', '--version']).status === 0) return
  process.stdout.write('Installing cargo-fuzz\n')
  if ((await run('cargo', ['install', 'cargo-fuzz', '--locked'])) !== 0)
    fail('cargo-fuzz could not be installed')
}

/** Runs one target. Resolves with `{ passed, text }`; `text` is its line in the summary. */
async function fuzz(target, { cargo, env, sanitizer }) {
  const corpus = path.join(ROOT, 'fuzz/target/corpus', target)
  fs.mkdirSync(corpus, { recursive: true })
  let runs
  // libFuzzer writes new inputs to the first folder and only reads the others.
  const readOnly = [SEEDS, REGRESSIONS]
    .map(folder => path.join(folder, target))
    .filter(folder => fs.existsSync(folder))
  const args = [
    'fuzz',
    'run',
    '-s',
    sanitizer,
    target,
    corpus,
    ...readOnly,
    '--',
    `-max_total_time=${seconds}`,
    ...LIMITS
  ]
  const code = await run('sh', ['-c', '"$@" 2>&1', 'sh', 'cargo', ...cargo, ...args], {
    env,
    onLine: line => {
      runs = /^Done (\d+) runs/.exec(line)?.[1] ?? runs
    }
  })
  const passed = code === 0 && Number(runs) > 0
  return {
    passed,
    text: passed
      ? `${target}: ${runs} runs in ${seconds} s, no crash`
      : `${target}: FAILED (exit ${code}), see fuzz/artifacts/${target}`
  }
}

if (unknown.length > 0)
  fail(`Unknown: ${unknown.join(', ')}. Targets: ${TARGETS.join(', ')}; options: --smoke, --seconds=N.`)
requireTools()
writeCorpus(SEEDS)
await installCargoFuzz()
const tools = toolchain()
const build = await run('cargo', [...tools.cargo, 'fuzz', 'build', '-s', tools.sanitizer], { env: tools.env })
if (build !== 0) fail('The fuzz targets do not build.')
const results = []
for (const target of targets) results.push(await fuzz(target, tools))
process.stdout.write(`\nFuzzed with ${tools.name}:\n${results.map(({ text }) => `  ${text}`).join('\n')}\n`)
process.exit(results.every(({ passed }) => passed) ? 0 : 1)
