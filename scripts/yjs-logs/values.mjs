/** Random values of every kind that an update can contain. */

const NUMBERS = [
  0,
  -0,
  1,
  -1,
  63,
  64,
  -64,
  127,
  8192,
  0.5,
  1.1,
  0.1,
  -1e-7,
  NaN,
  Infinity,
  -Infinity,
  5e-324,
  1.7976931348623157e308,
  2 ** 31 - 1,
  2 ** 31,
  -(2 ** 31),
  2 ** 32,
  2 ** 53 - 1,
  -(2 ** 53 - 1),
  16777217
]
const BIGINTS = [0n, 1n, -1n, 2n ** 63n - 1n, -(2n ** 63n)]
const WORDS = [
  'a',
  'bc',
  'hello ',
  'ä',
  'é',
  '中文',
  '😀',
  '👨‍👩‍👧',
  'x😀y',
  '\u0000',
  '\ufffd',
  'lorem ipsum dolor sit amet '
]
const KEYS = ['z', 'a', 'b', 'key', '0', '10', '9', 'ünï', '😀', '__proto__x', '']

/** A value for a map or an array: lib0 `any`. */
export function anyValue(random, depth = 2) {
  switch (random.below(depth > 0 ? 9 : 7)) {
    case 0:
      return random.pick(NUMBERS)
    case 1:
      return random.pick(BIGINTS)
    case 2:
      return random.pick([true, false, null, undefined])
    case 3:
      return words(random)
    case 4:
      return random.below(1000)
    case 5:
      return random.pick(NUMBERS)
    case 6:
      return random.pick(['', 'v', 'value'])
    case 7:
      return Array.from({ length: random.below(4) }, () => anyValue(random, depth - 1))
    default:
      return objectOf(random, () => nestedValue(random, depth - 1))
  }
}

/** In an object, bytes are encoded as `any`. On their own, Yjs stores them as binary content. */
function nestedValue(random, depth) {
  return random.chance(0.1) ? bytes(random) : anyValue(random, depth)
}

/** A JSON value for formats and embeds: no bigint, no undefined; with lone surrogates if `random.escapes` is set. */
export function jsonValue(random, depth = 2) {
  switch (random.below(depth > 0 ? 6 : 4)) {
    case 0:
      return random.pick(NUMBERS)
    case 1:
      return random.pick([true, false, '', ...(random.escapes ? ['\ud800', 'x\udc00'] : [])])
    case 2:
      return words(random)
    case 3:
      return random.below(3)
    case 4:
      return Array.from({ length: random.below(4) }, () => jsonValue(random, depth - 1))
    default:
      return objectOf(random, () => jsonValue(random, depth - 1))
  }
}

export function bytes(random) {
  return Uint8Array.from({ length: random.below(6) }, () => random.below(256))
}

/** Text with characters of one or more UTF-16 code units. */
export function words(random) {
  return Array.from({ length: random.between(1, 3) }, () => random.pick(WORDS)).join('')
}

/** An object with its keys in random order. */
export function objectOf(random, value) {
  return Object.fromEntries(
    random
      .shuffle(KEYS)
      .slice(0, random.below(4))
      .map(key => [key, value()])
  )
}
