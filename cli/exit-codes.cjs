'use strict'

/** The exit codes of the process. */
module.exports = {
  OK: 0,
  /** The command found a problem (`verify`, `repair`), or something failed. It was printed. */
  FAILURE: 1,
  /** The arguments are wrong. Nothing was done. */
  USAGE_ERROR: 2,
  /** Ctrl-C or SIGTERM. Documents in progress were finished, and no others were started. */
  INTERRUPTED: 130
}
