/**
 * Updates as data, for tests that build or change them: `{ sections: [{ client, clock, structs }], deletions: [{ client,
 * ranges: [[clock, length]] }] }`. A struct: `kind`, `origin`, `right` and `parent` (an id is `[client, clock]`, a root type
 * its name), `key`, `length`, and `content` as bytes.
 */

export const KIND = {
  GC: 0,
  DELETED: 1,
  JSON: 2,
  BINARY: 3,
  STRING: 4,
  EMBED: 5,
  FORMAT: 6,
  TYPE: 7,
  ANY: 8,
  DOC: 9,
  SKIP: 10
}

/** Bytes as an update encodes them. */
export class Bytes {
  constructor() {
    this.list = []
  }

  byte(value) {
    this.list.push(value)
    return this
  }

  uint(value) {
    while (value > 127) {
      this.list.push(128 + (value % 128))
      value = Math.floor(value / 128)
    }
    this.list.push(value)
    return this
  }

  raw(bytes) {
    for (const byte of bytes) this.list.push(byte)
    return this
  }

  text(text) {
    const bytes = Buffer.from(text)
    return this.uint(bytes.length).raw(bytes)
  }

  id([client, clock]) {
    return this.uint(client).uint(clock)
  }

  get bytes() {
    return Uint8Array.from(this.list)
  }
}

/** The bytes of an update. */
export function encode({ sections, deletions }) {
  const out = new Bytes().uint(sections.length)
  for (const { client, clock, structs } of sections) {
    out.uint(structs.length).uint(client).uint(clock)
    for (const struct of structs) writeStruct(out, struct)
  }
  out.uint(deletions.length)
  for (const { client, ranges } of deletions) {
    out.uint(client).uint(ranges.length)
    for (const [clock, length] of ranges) out.uint(clock).uint(length)
  }
  return out.bytes
}

function writeStruct(out, { kind, origin, right, parent, key, length, content }) {
  if (kind === KIND.GC || kind === KIND.SKIP) return out.byte(kind).uint(length)
  out.byte(kind | (origin ? 128 : 0) | (right ? 64 : 0) | (key !== null ? 32 : 0))
  if (origin) out.id(origin)
  if (right) out.id(right)
  if (!origin && !right) {
    if (Array.isArray(parent)) out.uint(0).id(parent)
    else out.uint(1).text(parent)
    if (key !== null) out.text(key)
  }
  out.raw(content)
}

/** An update from its bytes. Content stays bytes. */
export function decode(update) {
  const reader = new StructReader(update)
  const sections = reader.list(() => {
    const count = reader.uint()
    const client = reader.uint()
    const clock = reader.uint()
    return { client, clock, structs: Array.from({ length: count }, () => reader.struct()) }
  })
  const deletions = reader.list(() => ({
    client: reader.uint(),
    ranges: reader.list(() => [reader.uint(), reader.uint()])
  }))
  return { sections, deletions }
}

class StructReader {
  constructor(bytes) {
    this.bytes = bytes
    this.at = 0
  }

  uint() {
    let value = 0
    for (let factor = 1; ; factor *= 128) {
      const byte = this.bytes[this.at++]
      value += (byte & 127) * factor
      if (byte < 128) return value
    }
  }

  list(read) {
    return Array.from({ length: this.uint() }, read)
  }

  text() {
    const length = this.uint()
    this.at += length
    return Buffer.from(this.bytes.subarray(this.at - length, this.at)).toString()
  }

  id() {
    return [this.uint(), this.uint()]
  }

  struct() {
    const info = this.bytes[this.at++]
    const kind = info & 31
    const struct = { kind, origin: null, right: null, parent: null, key: null, length: 1, content: [] }
    if (kind === KIND.GC || kind === KIND.SKIP) return { ...struct, length: this.uint() }
    if (info & 128) struct.origin = this.id()
    if (info & 64) struct.right = this.id()
    if (!(info & 192)) {
      struct.parent = this.uint() === 1 ? this.text() : this.id()
      if (info & 32) struct.key = this.text()
    }
    const from = this.at
    struct.length = this.content(kind)
    struct.content = [...this.bytes.subarray(from, this.at)]
    return struct
  }

  content(kind) {
    let n
    switch (kind) {
      case KIND.DELETED:
        return this.uint()
      case KIND.JSON:
        n = this.uint()
        for (let i = 0; i < n; i++) this.text()
        return n
      case KIND.ANY:
        n = this.uint()
        for (let i = 0; i < n; i++) this.any()
        return n
      case KIND.STRING:
        return this.text().length
      case KIND.BINARY:
      case KIND.EMBED:
        this.text()
        return 1
      case KIND.FORMAT:
        this.text()
        this.text()
        return 1
      case KIND.TYPE:
        if ([3, 5].includes(this.uint())) this.text()
        return 1
      case KIND.DOC:
        this.text()
        this.any()
        return 1
    }
  }

  any() {
    switch (this.bytes[this.at++]) {
      case 119:
      case 116:
        this.text()
        break
      case 125:
        while (this.bytes[this.at++] >= 128);
        break
      case 124:
        this.at += 4
        break
      case 123:
      case 122:
        this.at += 8
        break
      case 117:
        for (let n = this.uint(); n > 0; n--) this.any()
        break
      case 118:
        for (let n = this.uint(); n > 0; n--) {
          this.text()
          this.any()
        }
        break
    }
  }
}
