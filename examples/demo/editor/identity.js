/** Names and colours of people. In one document every name is different, and so is every colour until all are taken. */

// White text is legible on each of them.
export const COLOURS = [
  '#c81e1e',
  '#a16207',
  '#15803d',
  '#0e7490',
  '#1d4ed8',
  '#7c3aed',
  '#a21caf',
  '#475569'
]
export const NAMES = [
  'Ada',
  'Barbara',
  'Charles',
  'Donald',
  'Edsger',
  'Frances',
  'Grace',
  'Hedy',
  'Ivan',
  'John',
  'Katherine',
  'Leslie',
  'Margaret',
  'Niklaus',
  'Radia',
  'Tony'
]

export const oneOf = list => list[Math.floor(Math.random() * list.length)]

/** The name itself, else with the first free number: `Ada`, `Ada 2`, `Ada 3`. */
const numbered = (name, taken) => {
  let free = name
  for (let n = 2; taken.includes(free); n++) free = `${name} ${n}`
  return free
}

/**
 * The name and colour that this page shows to the others. It gives way only to pages with a smaller client id, so of two
 * pages with the same name or colour exactly one changes.
 *
 * @param own `{ name, isChosen, color }`: a chosen name gets a number, any other one is replaced
 * @param client the client id of this page
 * @param others the other users: `[{ client, name, color }]`
 * @returns `{ name, color }`
 */
export const distinct = (own, client, others) => {
  const before = others.filter(other => other.client < client)
  const isTaken = field => before.some(other => other[field] === own[field])
  const unused = (list, field) => oneOf(list.filter(value => others.every(other => other[field] !== value)))
  const otherName = () =>
    (own.isChosen ? undefined : unused(NAMES, 'name'))
    ?? numbered(
      own.name,
      before.map(({ name }) => name)
    )
  return {
    name: isTaken('name') ? otherName() : own.name,
    color: isTaken('color') ? (unused(COLOURS, 'color') ?? own.color) : own.color
  }
}
