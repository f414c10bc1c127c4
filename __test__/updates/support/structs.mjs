/**
 * Reads updates unit by unit: a parser of its own, apart from yjs's and the engine's, for checks on the bytes.
 *
 * A unit is what one id stands for: one UTF-16 code unit, one array element, one map value, one deleted id.
 */

const KINDS = ['GC', 'Deleted', 'JSON', 'Binary', 'String', 'Embed', 'Format', 'Type', 'Any', 'Doc', 'Skip']

class Reader {
  constructor(bytes) {
    this.bytes = bytes
    this.at = 0
  }

  byte() {
    return this.bytes[this.at++]
  }

  uint() {
    let value = 0
    for (let factor = 1; ; factor *= 128) {
      const byte = this.byte()
      value += (byte & 127) * factor
      if (byte < 128) return value
    }
  }

  take(length) {
    this.at += length
    return this.bytes.subarray(this.at - length, this.at)
  }

  text() {
    return Buffer.from(this.take(this.uint())).toString()
  }

  id() {
    return `${this.uint()}:${this.uint()}`
  }

  skipAny() {
    let open = 1
    while (open-- > 0) {
      switch (this.byte()) {
        case 119:
        case 116:
          this.take(this.uint())
          break
        case 125:
          while (this.byte() >= 128);
          break
        case 124:
          this.take(4)
          break
        case 123:
        case 122:
          this.take(8)
          break
        case 117:
          open += this.uint()
          break
        case 118:
          open += this.object()
          break
      }
    }
  }

  /** The values of an object need their keys in between: read here, none is left open. */
  object() {
    for (let n = this.uint(); n > 0; n--) {
      this.take(this.uint())
      this.skipAny()
    }
    return 0
  }

  /** The bytes that `read` passes, as hex. */
  hexOf(read) {
    const from = this.at
    read()
    return Buffer.from(this.bytes.subarray(from, this.at)).toString('hex')
  }
}

/**
 * All structs of an update and its delete set.
 *
 * A struct: `client`, `clock`, `length`, `kind`, and for items `origin`, `rightOrigin`, `parent`, `parentSub` (only where
 * they are written) and `units`: the content of each id as a string.
 */
export function read(update) {
  const reader = new Reader(update)
  const structs = []
  for (let clients = reader.uint(); clients > 0; clients--) {
    let count = reader.uint()
    const client = reader.uint()
    for (let clock = reader.uint(); count > 0; count--) {
      const struct = readStruct(reader, client, clock)
      clock += struct.length
      structs.push(struct)
    }
  }
  const deleted = []
  for (let clients = reader.uint(); clients > 0; clients--) {
    const client = reader.uint()
    for (let ranges = reader.uint(); ranges > 0; ranges--)
      deleted.push({ client, clock: reader.uint(), length: reader.uint() })
  }
  if (reader.at !== update.length) throw new Error(`${update.length - reader.at} bytes behind the update`)
  return { structs, deleted }
}

function readStruct(reader, client, clock) {
  const info = reader.byte()
  const kind = KINDS[info & 31]
  if (kind === 'GC' || kind === 'Skip') return { client, clock, kind, length: reader.uint() }
  const origin = info & 128 ? reader.id() : null
  const rightOrigin = info & 64 ? reader.id() : null
  let parent = null
  let parentSub = null
  if (origin === null && rightOrigin === null) {
    parent = reader.uint() === 1 ? `"${reader.text()}"` : reader.id()
    if (info & 32) parentSub = reader.text()
  }
  const { length, units } = readContent(reader, kind)
  return { client, clock, kind, length, origin, rightOrigin, parent, parentSub, units }
}

function readContent(reader, kind) {
  const whole = read => ({ length: 1, units: [reader.hexOf(read)] })
  switch (kind) {
    case 'Deleted': {
      const length = reader.uint()
      return { length, units: null }
    }
    case 'String': {
      const text = reader.text()
      return { length: text.length, units: text.split('') }
    }
    case 'JSON': {
      const units = Array.from({ length: reader.uint() }, () => reader.hexOf(() => reader.text()))
      return { length: units.length, units }
    }
    case 'Any': {
      const units = Array.from({ length: reader.uint() }, () => reader.hexOf(() => reader.skipAny()))
      return { length: units.length, units }
    }
    case 'Binary':
    case 'Embed':
      return whole(() => reader.text())
    case 'Format':
      return whole(() => {
        reader.text()
        reader.text()
      })
    case 'Type':
      return whole(() => {
        const type = reader.uint()
        if (type === 3 || type === 5) reader.text()
      })
    case 'Doc':
      return whole(() => {
        reader.text()
        reader.skipAny()
      })
  }
}

/** What each id of an update is: `client:clock` → `{ kind, place, content }`. Skips are nothing. */
export function unitsOf(update) {
  const units = new Map()
  for (const struct of read(update).structs) {
    if (struct.kind === 'Skip') continue
    for (let i = 0; i < struct.length; i++) {
      units.set(`${struct.client}:${struct.clock + i}`, unit(struct, i))
    }
  }
  return units
}

/** Ranges as sorted, joined `client → [[from, to], …]`. */
export function rangesOf(list) {
  const byClient = new Map()
  for (const { client, clock, length } of list) {
    if (length === 0) continue
    if (!byClient.has(client)) byClient.set(client, [])
    byClient.get(client).push([clock, clock + length])
  }
  const out = new Map()
  for (const [client, ranges] of [...byClient].sort((a, b) => a[0] - b[0])) {
    const joined = []
    for (const [from, to] of ranges.sort((a, b) => a[0] - b[0])) {
      const last = joined.at(-1)
      if (last !== undefined && from <= last[1]) last[1] = Math.max(last[1], to)
      else joined.push([from, to])
    }
    out.set(client, joined)
  }
  return out
}

/** The ids that an update holds structs for. */
export function idsOf(update) {
  return rangesOf(read(update).structs.filter(struct => struct.kind !== 'Skip'))
}

/** The ids that an update deletes: its delete set and its deleted content. */
export function deletedIdsOf(update) {
  const { structs, deleted } = read(update)
  return rangesOf([...deleted, ...structs.filter(struct => struct.kind === 'Deleted')])
}

function unit(struct, i) {
  if (struct.kind === 'GC') return { kind: 'GC', place: '', content: '' }
  // Behind the first unit an item has the unit before as its origin, and so no parent of its own.
  const origin = i > 0 ? `${struct.client}:${struct.clock + i - 1}` : struct.origin
  const hasNeighbour = origin !== null || struct.rightOrigin !== null
  const place = hasNeighbour ? [origin, struct.rightOrigin] : [struct.parent, struct.parentSub]
  return {
    kind: struct.kind,
    place: JSON.stringify(place),
    content: struct.units === null ? '' : struct.units[i]
  }
}
