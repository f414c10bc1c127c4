'use strict'

/**
 * One run of the command line: parses the arguments, runs the command, turns what came of it into an exit code.
 *
 * A command gets a context and tells what it found by `context.found()`; what it throws ends the run.
 */

const { FOUND_OR_FAILED, STOPPED, WELL, WRONG_USAGE } = require('./exit-codes.cjs')
const { COMMANDS, commandHelp, generalHelp } = require('./help.cjs')
const { parse } = require('./options.cjs')
const { Output } = require('./output.cjs')
const { Progress } = require('./progress.cjs')
const { Stop } = require('./stop.cjs')
const { openTable } = require('./table.cjs')

class Context {
  #open = []
  hasFound = false

  constructor({ command, options, positionals }) {
    this.command = command
    this.options = options
    this.positionals = positionals
    this.stop = new Stop()
    this.progress = new Progress()
    this.output = new Output({
      json: options.json,
      progress: this.progress,
      // Work that was asked for is done, and its exit code told, also when nobody reads of it any more.
      onClosed: () => {
        if (command.onlyPrints) this.stop.quietly()
      },
      onFailed: () => {
        this.found()
        this.stop.quietly()
      }
    })
  }

  /** The table of the options, closed when the run ends. `more` are options of the persistence. */
  openTable(more) {
    return this.opened(openTable(this.options, more))
  }

  /** Closes `source` when the run ends. */
  opened(source) {
    this.#open.push(source)
    return source
  }

  /** Something was found or failed: the exit code will tell. */
  found() {
    this.hasFound = true
  }

  async close() {
    this.progress.end()
    await Promise.all(this.#open.map(source => source.close()))
    this.stop.end()
  }

  get exitCode() {
    if (this.stop.isAsked) return STOPPED
    return this.hasFound ? FOUND_OR_FAILED : WELL
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
    return await ended(error, context, argv)
  }
}

async function print({ print, command }) {
  const text =
    print === 'help' ? (command ? commandHelp(command) : generalHelp()) : require('../package.json').version
  let code = WELL
  const output = new Output({
    onFailed: () => {
      code = FOUND_OR_FAILED
    }
  })
  await output.result(undefined, text.trimEnd())
  return code
}

async function ended(error, context, argv) {
  const output = context?.output ?? new Output({ json: argv.includes('--json') })
  output.failure(error)
  // What is still open is closed as well; why the run ended has been told.
  await context?.close().catch(closing => output.failure(closing))
  return error.code === 'ERR_INVALID_ARGUMENT' ? WRONG_USAGE : FOUND_OR_FAILED
}

module.exports = { run }
