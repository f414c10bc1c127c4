'use strict'

/** Preloaded: makes both outputs pass for a terminal. */
for (const stream of [process.stdout, process.stderr]) stream.isTTY = true
process.env.TERM = 'xterm'
