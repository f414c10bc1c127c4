/** Who is online, from the awareness of the document, and the own name, which can be edited. */
import { COLOURS, NAMES, distinct, oneOf } from './identity.js'

const STORAGE_KEY = 'y-dynamodb-user'
const MAX_AVATARS = 4

const COLOUR = /^#[0-9a-f]{6}$/i

/** The user of another page, which can send anything. */
export const checked = user => ({
  name: String(user?.name ?? 'Unknown').slice(0, 48),
  color: COLOUR.test(user?.color) ? user.color : '#4b5563'
})

/** The user of this tab. A new tab takes over the name that was last chosen in this browser. */
const storedUser = () => {
  const chosen = localStorage.getItem(STORAGE_KEY)
  return (
    JSON.parse(sessionStorage.getItem(STORAGE_KEY)) ?? {
      name: chosen ?? oneOf(NAMES),
      isChosen: chosen !== null,
      color: oneOf(COLOURS)
    }
  )
}

const element = (tag, className, color, text) => {
  const made = document.createElement(tag)
  made.className = className
  made.textContent = text
  if (color) made.style.setProperty('--person', color)
  return made
}

const row = ({ name, color }) => {
  const item = document.createElement('li')
  item.append(element('span', 'dot', color, ''), name)
  return item
}

const initials = name =>
  name
    .split(/\s+/)
    .map(word => [...word][0] ?? '')
    .join('')
    .slice(0, 2)
    .toUpperCase()

const avatar = ({ name, color }) => {
  const shown = element('span', 'avatar', color, initials(name))
  shown.title = name
  return shown
}

/** @param elements `{ name, colour, others, avatars }` */
export const showPeople = (awareness, { name, colour, others, avatars }) => {
  const own = storedUser()
  let shown, rendered

  const present = () =>
    [...awareness.getStates()]
      .filter(([client, { user }]) => client !== awareness.clientID && user)
      .map(([client, { user }]) => ({ client, ...checked(user) }))

  const show = () => {
    const users = present()
    const user = distinct(own, awareness.clientID, users)
    if (user.name !== shown?.name || user.color !== shown?.color) {
      shown = user
      // A replaced colour or unchosen name stays. A number after a chosen name goes when the name is free again.
      own.color = user.color
      if (!own.isChosen) own.name = user.name
      sessionStorage.setItem(STORAGE_KEY, JSON.stringify(own))
      awareness.setLocalStateField('user', user)
    }
    const now = JSON.stringify([user, users])
    if (now === rendered) return
    rendered = now
    if (document.activeElement !== name) name.value = user.name
    colour.style.setProperty('--person', user.color)
    others.replaceChildren(...users.map(row))
    const all = [user, ...users]
    const hidden = all.length - MAX_AVATARS
    avatars.replaceChildren(...all.slice(0, MAX_AVATARS).map(avatar))
    if (hidden > 0) avatars.append(element('span', 'avatar more', undefined, `+${hidden}`))
  }

  name.addEventListener('keydown', ({ key }) => {
    if (key === 'Enter') name.blur()
  })
  name.addEventListener('change', () => {
    const chosen = name.value.trim()
    name.value = shown.name
    if (!chosen || chosen === shown.name) return
    Object.assign(own, { name: chosen, isChosen: true })
    localStorage.setItem(STORAGE_KEY, chosen)
    show()
    name.value = shown.name
  })
  awareness.on('change', show)
  show()
}
