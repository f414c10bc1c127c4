/** Who is online: names and colours from the awareness of the document. The own name can be edited. */
const COLOURS = ['#b91c1c', '#c2410c', '#4d7c0f', '#0f766e', '#0369a1', '#1d4ed8', '#7e22ce', '#be185d'] // white is legible on each
const NAMES = ['Ada', 'Barbara', 'Edsger', 'Grace', 'Katherine', 'Leslie', 'Niklaus', 'Radia', 'Tony']
const KEPT = 'y-dynamodb-user'

const oneOf = list => list[Math.floor(Math.random() * list.length)]

/** The tab's own user; a new tab takes over the name that was last chosen in this browser. */
const ownUser = () =>
  JSON.parse(sessionStorage.getItem(KEPT)) ?? {
    name: localStorage.getItem(KEPT) ?? oneOf(NAMES),
    color: oneOf(COLOURS)
  }

/** A colour that nobody else here has, where there is one left. */
const freeColour = users => oneOf(COLOURS.filter(colour => users.every(({ color }) => color !== colour)))

const row = ({ name, color }) => {
  const dot = document.createElement('span')
  dot.className = 'dot'
  dot.style.backgroundColor = color // others say it: only a colour is taken
  const item = document.createElement('li')
  item.append(dot, String(name))
  return item
}

/** @param elements `{ name, colour, others }`; @returns the own user, as the carets show it: `{ name, color }` */
export const showPeople = (awareness, { name, colour, others }) => {
  const user = ownUser()

  const showOwn = () => {
    name.value = user.name
    colour.style.backgroundColor = user.color
    sessionStorage.setItem(KEPT, JSON.stringify(user))
  }
  const change = changes => {
    Object.assign(user, changes)
    showOwn()
    awareness.setLocalStateField('user', { ...user })
  }
  name.addEventListener('change', () => {
    change({ name: name.value.trim() || user.name })
    localStorage.setItem(KEPT, user.name)
  })

  awareness.on('change', () => {
    const present = [...awareness.getStates()].filter(
      ([client, { user }]) => client !== awareness.clientID && user
    )
    const users = present.map(([, { user }]) => user)
    others.replaceChildren(...users.map(row))
    // Of two with the same colour the one with the larger id takes another.
    const color = freeColour(users)
    if (
      color
      && present.some(([client, other]) => client < awareness.clientID && other.user.color === user.color)
    )
      change({ color })
  })
  showOwn()
  return user
}
