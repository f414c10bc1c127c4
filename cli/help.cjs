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

const EXIT_CODES = `Exit codes:
  0    success
  1    a problem was found, or something failed; it was printed
  2    the arguments are wrong; nothing was done
  130  stopped by Ctrl-C, after the documents in progress; a second Ctrl-C exits immediately`

function generalHelp() {
  const width = Math.max(...COMMANDS.map(({ name }) => name.length))
  const lines = COMMANDS.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`)
  return `Usage: y-dynamodb COMMAND [ARGUMENTS] [OPTIONS]

Inspects and maintains the documents in a DynamoDB table. To try it on a local file:

  y-dynamodb create-table --table docs --endpoint file:docs.db
  y-dynamodb ls --table docs --endpoint file:docs.db

Commands:

${lines.join('\n')}

  y-dynamodb COMMAND --help   prints the options of a command
  y-dynamodb --version        prints the version

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
