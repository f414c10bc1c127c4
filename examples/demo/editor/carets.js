/**
 * The carets of the other people. A label with the name covers text of the line above, so it is visible only for a moment
 * after the caret has moved, and while the mouse is over the caret.
 */
import { Extension } from '@tiptap/core'
import { yCursorPlugin } from '@tiptap/y-tiptap'
import { checked } from './people.js'

const SHOWN_MS = 2_000

/** The caret of one person. */
class Caret {
  #element
  #user
  #timer

  /** A new element: the editor draws the caret again if the text around it changes. */
  draw(user) {
    const label = document.createElement('span')
    label.className = 'caret-label'
    this.#element = document.createElement('span')
    this.#element.className = 'caret'
    this.#element.append(label)
    this.#mark()
    this.setUser(user)
    return this.#element
  }

  /** @param user as it is in the awareness */
  setUser(user) {
    this.#user = checked(user)
    if (!this.#element) return
    this.#element.firstChild.textContent = this.#user.name
    this.#element.style.setProperty('--person', this.#user.color)
  }

  showLabel() {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      this.#mark()
    }, SHOWN_MS)
    this.#mark()
  }

  #mark() {
    this.#element?.classList.toggle('moved', this.#timer !== undefined)
  }
}

export const carets = awareness => {
  const shown = new Map()

  const draw = (user, client) => {
    if (!shown.has(client)) {
      shown.set(client, new Caret())
      shown.get(client).showLabel()
    }
    return shown.get(client).draw(user)
  }

  awareness.on('change', ({ updated, removed }) => {
    for (const client of updated) {
      shown.get(client)?.setUser(awareness.getStates().get(client)?.user)
      shown.get(client)?.showLabel()
    }
    for (const client of removed) shown.delete(client)
  })

  return Extension.create({
    name: 'carets',
    addProseMirrorPlugins: () => [
      yCursorPlugin(awareness, {
        cursorBuilder: draw,
        selectionBuilder: user => ({ class: 'selected', style: `--person: ${checked(user).color}` })
      })
    ]
  })
}
