/**
 * Updates that no client of Yjs writes: built struct by struct from a small set of ids, so that they name each other, or
 * made from real updates by changing one part of their structure.
 */

import { Bytes, KIND } from './structure.mjs'

const ITEM_KINDS = [1, 2, 3, 4, 4, 4, 5, 6, 7, 7, 7, 8, 8, 9]
const ROOTS = ['text', 'array', 'map', 'xml']
const LARGE = [127, 128, 2 ** 31, 2 ** 32, 2 ** 51, 2 ** 52 - 1, 2 ** 52, 2 ** 53 - 2, 2 ** 53 - 1]
const TEXTS = ['a', 'b', 'ab', 'xyz', 'é', '😀', 'a😀b', '\ufffd', 'hello world']
export const JSON_TEXTS = [
  '{}',
  '[]',
  '1',
  '-0',
  '1e999',
  '-1E-5',
  '""',
  'null',
  'true',
  ' \t\n\r[1, 2]',
  '{"a":1,"a":[{}]}',
  '"\\ud800"',
  '"\\udc00\\ud83d"',
  '"\u2028"',
  '"\\u00e9\\n\\/"',
  '{"__proto__":{"a":1}}',
  '{',
  '',
  ' ',
  'undefined',
  'nul',
  '01',
  '1.',
  '.5',
  '+1',
  '-',
  '1e',
  '[1,]',
  '{"a":1,}',
  '{a:1}',
  "'a'",
  '"\t"',
  '"\\x41"',
  '"\\u12g4"',
  '\ufeff1',
  '\u00a01',
  '1 2',
  'NaN',
  '[',
  ']',
  '{"a"}',
  '"',
  '"\\"',
  '[[[[[[]]]]]]',
  '{"a":{"b":[{"c":null}]}}'
]
/** How many of these are JSON. */
const JSON_OK = 16

/** A hostile update of a few structs. */
export function hostileUpdate(random) {
  const clients = random
    .shuffle([1, 2, 3, 4])
    .slice(0, random.between(1, 3))
    .sort((a, b) => b - a)
  const sections = clients.map(client => {
    const clock = random.chance(0.7) ? 0 : random.below(5)
    let at = clock
    const structs = Array.from({ length: random.between(1, 6) }, () => {
      const struct = hostileStruct(random, client, at)
      at += struct.length
      return struct
    })
    return { client, clock, structs }
  })
  const deletions = random.chance(0.6) ? hostileDeletions(random) : []
  return { sections: random.chance(0.95) ? sections : [], deletions }
}

function hostileDeletions(random) {
  return random
    .shuffle([1, 2, 3, 4])
    .slice(0, random.between(1, 3))
    .map(client => {
      const ranges = Array.from({ length: random.between(1, 3) }, () => [
        random.below(8),
        random.chance(0.03) ? 0 : random.between(1, 4)
      ])
      if (random.chance(0.02)) random.pick(ranges)[random.below(2)] = random.pick(LARGE)
      return { client, ranges: random.chance(0.8) ? ranges.sort((a, b) => a[0] - b[0]) : ranges }
    })
}

/** Mostly an id that is there before: what names later ones of its own client is refused at once. */
function someId(random, client, clock) {
  if (random.chance(0.01)) return [random.below(5), random.pick(LARGE)]
  const of = random.chance(0.5) ? client : random.between(1, 4)
  return [of, of === client && random.chance(0.98) ? random.below(Math.max(1, clock)) : random.below(10)]
}

export function hostileStruct(random, client, clock) {
  const struct = {
    kind: random.pick(ITEM_KINDS),
    origin: null,
    right: null,
    parent: null,
    key: null,
    length: 1,
    content: []
  }
  if (random.chance(0.08)) {
    return {
      ...struct,
      kind: random.chance(0.6) ? KIND.GC : KIND.SKIP,
      length: random.chance(0.02) ? 0 : random.between(1, 3)
    }
  }
  if (clock > 0 || random.chance(0.2)) {
    if (random.chance(0.45)) struct.origin = someId(random, client, clock)
    if (random.chance(0.3)) struct.right = someId(random, client, clock)
  }
  if (struct.origin === null && struct.right === null) {
    struct.parent = clock === 0 || random.chance(0.4) ? random.pick(ROOTS) : someId(random, client, clock)
    if (random.chance(0.4)) struct.key = random.pick(['k', 'l'])
  }
  return { ...struct, ...hostileContent(random, struct.kind) }
}

export function hostileContent(random, kind) {
  const out = new Bytes()
  const json = () => (random.chance(0.97) ? JSON_TEXTS[random.below(JSON_OK)] : random.pick(JSON_TEXTS))
  const n = random.chance(0.02) ? 0 : random.between(1, 3)
  let length = 1
  switch (kind) {
    case KIND.DELETED:
      length = n
      out.uint(n)
      break
    case KIND.JSON:
      length = n
      out.uint(n)
      for (let i = 0; i < n; i++) out.text(random.chance(0.2) ? 'undefined' : json())
      break
    case KIND.BINARY:
      out.uint(n).raw(Array(n).fill(7))
      break
    case KIND.STRING: {
      const text = n === 0 ? '' : random.pick(TEXTS)
      length = text.length
      out.text(text)
      break
    }
    case KIND.EMBED:
      out.text(json())
      break
    case KIND.FORMAT:
      out.text(random.pick(['bold', 'link'])).text(json())
      break
    case KIND.TYPE: {
      const type = random.chance(0.02) ? random.below(20) : random.below(7)
      out.uint(type)
      if (type === 3 || type === 5) out.text('p')
      break
    }
    case KIND.ANY:
      length = n
      out.uint(n)
      for (let i = 0; i < n; i++) hostileAny(random, out, 3)
      break
    case KIND.DOC:
      out.text('guid')
      if (random.chance(0.8)) out.byte(118).uint(0)
      else hostileAny(random, out, 2)
      break
  }
  return { kind, length, content: out.list }
}

function hostileAny(random, out, depth) {
  const reference = random.chance(0.005) ? random.below(256) : random.between(depth > 0 ? 116 : 119, 127)
  out.byte(reference)
  switch (reference) {
    case 125:
      return out.raw(
        random.pick([[0], [64], [127], [128, 1], [255, 255, 255, 255, 255, 255, 255, 127], [192, 128, 1]])
      )
    case 124:
      return out.raw([1, 2, 3, 4])
    case 123:
    case 122:
      return out.raw([255, 1, 2, 3, 4, 5, 6, 7])
    case 119:
      return out.text(random.pick(TEXTS))
    case 116:
      return out.uint(2).raw([1, 2])
    case 117: {
      const n = random.below(3)
      out.uint(n)
      for (let i = 0; i < n; i++) hostileAny(random, out, depth - 1)
      return
    }
    case 118: {
      const n = random.below(3)
      out.uint(n)
      for (let i = 0; i < n; i++) {
        out.text(
          random.pick([
            'a',
            'b',
            '__proto__',
            'gc',
            'shouldLoad',
            'autoLoad',
            'meta',
            'collectionid',
            'guid',
            'toJSON',
            'length'
          ])
        )
        hostileAny(random, out, depth - 1)
      }
    }
  }
}

/** Changes one to three parts of an update. */
export function mutate(random, update, times = random.between(1, 3)) {
  const changed = structuredClone(update)
  for (let i = 0; i < times; i++) mutateOnce(random, changed)
  return changed
}

function mutateOnce(random, update) {
  const { sections, deletions } = update
  const section = sections.length > 0 ? random.pick(sections) : null
  if (section === null || section.structs.length === 0 || random.chance(0.2))
    return mutateDeletions(random, update)
  const i = random.below(section.structs.length)
  const struct = section.structs[i]
  const clock = section.clock + section.structs.slice(0, i).reduce((sum, { length }) => sum + length, 0)
  const isItem = struct.kind !== KIND.GC && struct.kind !== KIND.SKIP
  const ids = sections.flatMap(({ client, clock, structs }) =>
    structs.map(({ length }) => {
      clock += length
      return [client, clock - random.between(1, length || 1)]
    })
  )
  const id = () => (random.chance(0.8) ? random.pick(ids) : someId(random, section.client, clock))
  switch (random.below(12)) {
    case 0:
      section.structs.splice(i, 1)
      break
    case 1:
      section.structs.splice(i, 0, hostileStruct(random, section.client, clock))
      break
    case 2:
      section.structs[i] = { ...struct, kind: KIND.GC }
      break
    case 3:
      section.clock = random.below(section.clock + 5)
      break
    case 4:
    case 5:
      if (isItem) struct.origin = id()
      break
    case 6:
      if (isItem) struct.right = id()
      break
    case 7:
      if (isItem)
        Object.assign(struct, {
          origin: null,
          right: null,
          parent: random.chance(0.7) ? id() : random.pick(ROOTS),
          key: random.chance(0.5) ? 'k' : null
        })
      break
    case 8:
    case 9:
      if (isItem) Object.assign(struct, hostileContent(random, random.pick(ITEM_KINDS)))
      break
    case 10:
      deletions.push({ client: section.client, ranges: [[clock, random.between(1, struct.length || 1)]] })
      break
    default:
      section.structs.splice(i, 0, structuredClone(random.pick(random.pick(sections).structs) ?? struct))
  }
}

function mutateDeletions(random, { sections, deletions }) {
  const clients = [...sections, ...deletions].map(({ client }) => client)
  if (deletions.length === 0 || random.chance(0.5)) {
    deletions.push({
      client: clients.length > 0 ? random.pick(clients) : 1,
      ranges: [[random.below(12), random.between(1, 6)]]
    })
    return
  }
  const { ranges } = random.pick(deletions)
  if (ranges.length === 0 || random.chance(0.3)) ranges.push([random.below(20), random.below(3)])
  else random.pick(ranges)[random.below(2)] = random.below(20)
}

/**
 * Updates around a map entry with several values, each valid by itself: the map, the entry, two updates that split the
 * entry, and the deletion of the map. In any order.
 */
export function entryUpdates(random) {
  const item = (kind, content, place) => ({
    kind,
    origin: null,
    right: null,
    parent: null,
    key: null,
    length: 1,
    content,
    ...place
  })
  const update = (client, clock, struct, deletions = []) => ({
    sections: [{ client, clock, structs: [struct] }],
    deletions
  })
  const values = { kind: KIND.ANY, length: 3, content: [3, 126, 126, 126] }
  const text = { kind: KIND.STRING, length: 3, content: new Bytes().text('abc').list }
  const unit = [2, random.below(3)]
  const splits = [
    update(3, 0, item(KIND.ANY, [1, 126], { origin: unit })),
    update(3, 0, item(KIND.ANY, [1, 126], { right: unit })),
    { sections: [], deletions: [{ client: 2, ranges: [[unit[1], random.between(1, 3)]] }] }
  ]
  return random.shuffle([
    update(1, 0, item(KIND.TYPE, [1], { parent: 'array' })),
    update(2, 0, item(KIND.ANY, [], { parent: [1, 0], key: 'k', ...random.pick([values, text]) })),
    random.pick(splits),
    random.pick(splits),
    { sections: [], deletions: [{ client: 1, ranges: [[0, 1]] }] }
  ])
}
