'use strict'

/** Loaded before the command, which root has started: gives up the permissions of root, which no file mode restricts. */

// Modules that cannot be read any more afterwards.
require('../../../cli/run.cjs')
require('../../../lib/native.js')
process.setgid(65534)
process.setuid(65534)
