'use strict'

/**
 * What a command prints. Results go to standard output, as text or as one JSON value per line. Failures and notes go to
 * standard error. After the reader has closed standard output (`| head`) nothing more is printed there; the run decides
 * whether to go on.
 */

const { printable } = require('./format.cjs')

class Output {
  #json
  #progress
  #onClosed
  #onFailed
  #isClosed = false

  /**
   * @param {{ json?: boolean, progress?: object, onClosed?: () => void, onFailed?: () => void }} options
   * `onClosed`: the reader has closed standard output; `onFailed`: standard output cannot be written, which was printed
   */
  constructor({ json = false, progress, onClosed = () => {}, onFailed = () => {} }) {
    this.#json = json
    this.#progress = progress
    this.#onClosed = onClosed
    this.#onFailed = onFailed
    process.stdout.on('error', error => this.#handleError(error))
    // A failure of standard error cannot be printed anywhere.
    process.stderr.on('error', error => {
      if (error.code !== 'EPIPE') onFailed()
    })
  }

  get isJson() {
    return this.#json
  }

  /** One result: `object` with `--json`, otherwise `lines`. Waits for a slow reader. */
  async result(object, ...lines) {
    if (this.#isClosed) return
    this.#progress?.clear()
    const text = this.#json ? toJson(object) : lines.join('\n')
    const error = await new Promise(resolve => process.stdout.write(text + '\n', resolve))
    if (error) this.#handleError(error)
  }

  /** A heading or a summary: not printed with `--json`. */
  async text(line) {
    if (!this.#json) await this.result(undefined, line)
  }

  /** A remark for people, on standard error: not printed with `--json`. */
  note(text) {
    if (this.#json) return
    this.#progress?.clear()
    process.stderr.write(`y-dynamodb: ${text}\n`)
  }

  /** A failure, with the name of its document if there is one. */
  failure(error, docName = error.docName) {
    this.#progress?.clear()
    const { code, message } = error
    const cause = causeOf(error)
    const text = this.#json
      ? toJson({ error: { code, message, docName, cause } })
      : `y-dynamodb: ${[docName && printable(docName), message, cause].filter(Boolean).join(': ')}${code === undefined ? '' : ` (${code})`}`
    process.stderr.write(text + '\n')
    // An error without a code is a bug: the stack shows where.
    if (code === undefined && !this.#json) process.stderr.write(`${error.stack}\n`)
  }

  #handleError(error) {
    if (this.#isClosed) return
    this.#isClosed = true
    if (error.code === 'EPIPE') return this.#onClosed()
    this.failure({ code: error.code, message: 'standard output cannot be written' })
    this.#onFailed()
  }
}

/** The cause that the message does not name already, as it names an error of AWS. */
function causeOf({ message, cause }) {
  const reason = cause?.message
  return reason === undefined || message.includes(reason.split(':')[0]) ? undefined : reason
}

/** Bytes as base64, bigints as their digits. */
function toJson(object) {
  return JSON.stringify(object, (_, value) => {
    if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
    return typeof value === 'bigint' ? String(value) : value
  })
}

module.exports = { Output }
