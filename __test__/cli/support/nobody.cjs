'use strict'

/** Preloaded: gives up the permissions of root, which file modes do not restrict. */

// Loaded first, because the files may not be readable afterwards.
require('../../../cli/run.cjs')
require('../../../lib/native.js')
process.setgid(65534)
process.setuid(65534)
