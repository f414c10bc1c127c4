'use strict'

/** `1 document`, `2 documents`. */
function counted(number, noun) {
  return `${number} ${noun}${number === 1 ? '' : 's'}`
}

module.exports = { counted }
