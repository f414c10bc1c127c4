'use strict'

/** Formats values for people. */

/** Characters that a terminal interprets instead of printing them. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u

/** `1 document`, `2 documents`. */
function pluralize(number, noun) {
  return `${number} ${noun}${number === 1 ? '' : 's'}`
}

/** The end of a summary: how many documents failed, if any. */
function failedSuffix(failures) {
  return failures === 0 ? '' : `, ${failures} failed`
}

/** A name that is safe to print on a terminal: quoted and escaped if it has control characters. */
function printable(name) {
  if (!UNPRINTABLE.test(name)) return name
  const quoted = JSON.stringify(name)
  return quoted.replace(new RegExp(UNPRINTABLE, 'gu'), c => `\\u{${c.codePointAt(0).toString(16)}}`)
}

/** Bold red on a terminal, unless NO_COLOR is set. */
function highlight(text) {
  return process.stdout.isTTY && !process.env.NO_COLOR ? `\x1b[1;31m${text}\x1b[0m` : text
}

/** A time in UTC; '—' if it is unknown. */
function formatTime(ms) {
  const date = new Date(ms ?? NaN)
  return Number.isNaN(date.getTime()) ? '—' : date.toISOString().replace('T', ' ').slice(0, 19)
}

module.exports = { failedSuffix, formatTime, highlight, pluralize, printable }
