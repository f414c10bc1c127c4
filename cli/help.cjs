'use strict'

/** The commands, and their `--help`. */

const { optionsOf } = require('./options.cjs')

const COMMANDS = [
  require('./commands/ls.cjs'),
  require('./commands/show.cjs'),
  require('./commands/stats.cjs'),
  require('./commands/export.cjs'),
  require('./commands/import.cjs'),
  require('./commands/migrate.cjs'),
  require('./commands/compact.cjs'),
  require('./commands/verify.cjs'),
  require('./commands/repair.cjs'),
  require('./commands/create-table.cjs'),
  require('./commands/policy.cjs')
]

const EXIT_CODES = `Exit codes: 0 all is well, 1 something was found or failed (it was printed), 2 wrong usage (nothing was
done), 130 stopped by Ctrl-C (what was in work has been ended; a second Ctrl-C ends at once).`

function generalHelp() {
  const width = Math.max(...COMMANDS.map(({ name }) => name.length))
  const lines = COMMANDS.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`)
  return `Usage: y-dynamodb COMMAND [ARGUMENTS] [OPTIONS]

Looks after a table of y-dynamodb.

${lines.join('\n')}

  y-dynamodb COMMAND --help   or: y-dynamodb help COMMAND
  y-dynamodb --version        or: -v

${EXIT_CODES}
`
}

function commandHelp(command) {
  const options = Object.entries(optionsOf(command)).map(([name, { value, help }]) => [
    `--${name}${value === undefined ? '' : ` ${value}`}`,
    help
  ])
  const width = Math.max(...options.map(([option]) => option.length))
  const lines = options.map(([option, help]) => `  ${option.padEnd(width)}  ${help}`)
  return `Usage: y-dynamodb ${[command.name, command.synopsis, '[OPTIONS]'].filter(Boolean).join(' ')}

${command.summary}${command.details === undefined ? '' : `\n\n${command.details}`}

${lines.join('\n')}
`
}

module.exports = { COMMANDS, commandHelp, generalHelp }
