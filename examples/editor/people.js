/** Who is online: names and colours from the awareness of the document. The own name can be edited. */
const COLOURS = ['#b91c1c', '#c2410c', '#4d7c0f', '#0f766e', '#0369a1', '#1d4ed8', '#7e22ce', '#be185d'] // white is legible on each
const NAMES = ['Ada', 'Barbara', 'Edsger', 'Grace', 'Katherine', 'Leslie', 'Niklaus', 'Radia', 'Tony']
const KEPT = 'y-dynamodb-user'

const oneOf = list => list[Math.floor(Math.random() * list.length)]

/** The tab's own user; a new tab takes over the name that was last chosen in this browser. */
const ownUser = () => JSON.parse(sessionStorage.getItem(KEPT)) ??
  { name: localStorage.getItem(KEPT) ?? oneOf(NAMES), color: oneOf(COLOURS) }

/** @param elements `{ name, colour, others }`; @returns the own user, as the carets show it: `{ name, color }` */
export const showPeople = (awareness, { name, colour, others }) => {
  const user = ownUser()
  name.value = user.name
  colour.style.backgroundColor = user.color
  sessionStorage.setItem(KEPT, JSON.stringify(user))

  name.addEventListener('change', () => {
    user.name = name.value.trim() || user.name
    name.value = user.name
    sessionStorage.setItem(KEPT, JSON.stringify(user))
    localStorage.setItem(KEPT, user.name)
    awareness.setLocalStateField('user', { ...user })
  })

  const row = ({ name, color }) => {
    const dot = document.createElement('span')
    dot.className = 'dot'
    dot.style.backgroundColor = color // others say it: only a colour is taken
    const item = document.createElement('li')
    item.append(dot, String(name))
    return item
  }
  const show = () => {
    const users = [...awareness.getStates()].filter(([client, { user }]) => client !== awareness.clientID && user)
    others.replaceChildren(...users.map(([, { user }]) => row(user)))
  }
  awareness.on('change', show)
  show()
  return user
}
