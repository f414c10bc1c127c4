'use strict'

/** What the process ends with. */
module.exports = {
  WELL: 0,
  /** Something was found (`verify`, `repair`) or something failed: what, was printed. */
  FOUND_OR_FAILED: 1,
  /** The call was wrong: nothing was done. */
  WRONG_USAGE: 2,
  /** Ctrl-C (or SIGTERM): what was in work has been ended, the rest was not begun. */
  STOPPED: 130
}
