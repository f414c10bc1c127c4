'use strict'

/**
 * What a command prints. Results go to standard output, one line each, as text or as JSON; notes and failures go to
 * standard error. A reader that has seen enough (`| head`) hears no more; what it means for the run, the run decides.
 */

/** What a terminal would take as more than text. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u

class Output {
  #json
  #progress
  #onClosed
  #onFailed
  #isClosed = false

  /**
   * @param {{ json?: boolean, progress?: object, onClosed?: () => void, onFailed?: () => void }} options
   * `onClosed`: nobody reads results any more; `onFailed`: they cannot be written, and that was told
   */
  constructor({ json = false, progress, onClosed = () => {}, onFailed = () => {} }) {
    this.#json = json
    this.#progress = progress
    this.#onClosed = onClosed
    this.#onFailed = onFailed
    process.stdout.on('error', error => this.#lost(error))
    // There is nowhere to tell it.
    process.stderr.on('error', error => {
      if (error.code !== 'EPIPE') onFailed()
    })
  }

  get isJson() {
    return this.#json
  }

  /** One result: an object for `--json`, lines of text without. Waits for a reader that is slower. */
  async result(object, ...lines) {
    if (this.#isClosed) return
    this.#progress?.clear()
    const text = this.#json ? toJson(object) : lines.join('\n')
    const error = await new Promise(resolve => process.stdout.write(text + '\n', resolve))
    if (error) this.#lost(error)
  }

  /** Headings and sums, for people only. */
  async text(line) {
    if (!this.#json) await this.result(undefined, line)
  }

  /** What went wrong. `docName` and `code` where they are known. */
  failure(error, docName = error.docName) {
    this.#progress?.clear()
    const { code, message } = error
    const text = this.#json
      ? toJson({ error: { code, message, docName } })
      : `y-dynamodb: ${docName === undefined ? '' : `${printable(docName)}: `}${message}${code === undefined ? '' : ` (${code})`}`
    process.stderr.write(text + '\n')
    // Not one of ours: a bug, and its place helps.
    if (code === undefined && !this.#json) process.stderr.write(`${error.stack}\n`)
  }

  #lost(error) {
    if (this.#isClosed) return
    this.#isClosed = true
    if (error.code === 'EPIPE') return this.#onClosed()
    this.failure({ code: error.code, message: 'standard output cannot be written' })
    this.#onFailed()
  }
}

/** Bytes as base64, bigints as their digits. */
function toJson(object) {
  return JSON.stringify(object, (_, value) => {
    if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
    return typeof value === 'bigint' ? String(value) : value
  })
}

/** A name as it can be shown on a terminal: quoted where it would do more there than stand. */
function printable(name) {
  if (!UNPRINTABLE.test(name)) return name
  const quoted = JSON.stringify(name)
  return quoted.replace(new RegExp(UNPRINTABLE, 'gu'), c => `\\u{${c.codePointAt(0).toString(16)}}`)
}

/** Bold red, on a terminal without NO_COLOR. */
function alarming(text) {
  return process.stdout.isTTY && !process.env.NO_COLOR ? `\x1b[1;31m${text}\x1b[0m` : text
}

/** A time in UTC; '—' where it is not known. */
function timeOf(ms) {
  const date = new Date(ms ?? NaN)
  return Number.isNaN(date.getTime()) ? '—' : date.toISOString().replace('T', ' ').slice(0, 19)
}

module.exports = { Output, alarming, printable, timeOf }
