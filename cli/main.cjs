#!/usr/bin/env node
'use strict'

/** `npx y-dynamodb`: runs one command and sets the exit code of the process. */

const { run } = require('./run.cjs')

run(process.argv.slice(2)).then(code => {
  process.exitCode = code
})
