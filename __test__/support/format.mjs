/** A second implementation of the sort keys of docs/FORMAT.md, to check those of the addon. */

/** @param {Array<string | number>} elements */
export function sortKey(elements) {
  return Buffer.concat(
    elements.map(element => {
      if (typeof element === 'number') {
        const bytes = Buffer.alloc(5)
        bytes[0] = 1
        bytes.writeUInt32BE(element, 1)
        return bytes
      }
      const text = Buffer.from(element)
      return Buffer.concat([Buffer.of(0), varuint(text.length), text])
    })
  )
}

/** @param {Uint8Array} key */
export function readSortKey(key) {
  const elements = []
  for (let at = 0; at < key.length;) {
    if (key[at++] === 1) {
      elements.push(Buffer.from(key).readUInt32BE(at))
      at += 4
      continue
    }
    let length = 0
    for (let shift = 0; ; shift += 7) {
      length |= (key[at] & 127) << shift
      if (key[at++] < 128) break
    }
    elements.push(Buffer.from(key.subarray(at, at + length)).toString())
    at += length
  }
  return elements
}

export function varuint(number) {
  const bytes = []
  while (number > 127) {
    bytes.push(128 | (number & 127))
    number = Math.floor(number / 128)
  }
  return Buffer.of(...bytes, number)
}
