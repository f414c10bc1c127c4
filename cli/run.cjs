'use strict'

/**
 * Runs the command line once: parses the arguments, runs the command, and determines the exit code.
 *
 * A command gets a `Context`. It calls `setFailed` for each problem that it finds or prints; an error that it throws ends
 * the run.
 */

const { Cancellation } = require('./cancellation.cjs')
const { FAILURE, INTERRUPTED, OK, USAGE_ERROR } = require('./exit-codes.cjs')
const { COMMANDS, commandHelp, generalHelp } = require('./help.cjs')
const { parse } = require('./options.cjs')
const { Output } = require('./output.cjs')
const { Progress } = require('./progress.cjs')
const { openTable } = require('./table.cjs')

class Context {
  #open = []
  #hasFailed = false

  constructor({ command, options, positionals }) {
    this.command = command
    this.options = options
    this.positionals = positionals
    this.cancellation = new Cancellation()
    this.progress = new Progress()
    this.output = new Output({
      json: options.json,
      progress: this.progress,
      // Other commands finish their work and set their exit code, even if nobody reads the output any more.
      onClosed: () => {
        if (command.isReadOnly) this.cancellation.cancel()
      },
      onFailed: () => {
        this.setFailed()
        this.cancellation.cancel()
      }
    })
  }

  /** Opens the table that the options name, until the run ends. `more` are options of the persistence. */
  openTable(more) {
    return this.closeLater(openTable(this.options, more))
  }

  /** Closes `source` when the run ends. */
  closeLater(source) {
    this.#open.push(source)
    return source
  }

  /** The exit code will be 1. */
  setFailed() {
    this.#hasFailed = true
  }

  async close() {
    this.progress.end()
    await Promise.all(this.#open.map(source => source.close()))
    this.cancellation.dispose()
  }

  get exitCode() {
    if (this.cancellation.isInterrupted) return INTERRUPTED
    return this.#hasFailed ? FAILURE : OK
  }
}

/** @returns {Promise<number>} the exit code */
async function run(argv) {
  let context
  try {
    const call = parse(argv, COMMANDS)
    if (call.print !== undefined) return await print(call)
    context = new Context(call)
    await call.command.run(context)
    await context.close()
    return context.exitCode
  } catch (error) {
    return await fail(error, context, argv)
  }
}

async function print({ print, command }) {
  const text =
    print === 'help' ? (command ? commandHelp(command) : generalHelp()) : require('../package.json').version
  let code = OK
  const output = new Output({
    onFailed: () => {
      code = FAILURE
    }
  })
  await output.result(undefined, text.trimEnd())
  return code
}

async function fail(error, context, argv) {
  const output = context?.output ?? new Output({ json: argv.includes('--json') })
  output.failure(error)
  await context?.close().catch(closing => output.failure(closing))
  return error.code === 'ERR_INVALID_ARGUMENT' ? USAGE_ERROR : FAILURE
}

module.exports = { run }
