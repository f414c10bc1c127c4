/** The menu of blocks that opens with `/` at the start of a line or after a space. The focus stays in the text. */
import { Extension } from '@tiptap/core'
import { Suggestion } from '@tiptap/suggestion'
import { SLASH_MENU } from './actions.js'

const ID = 'slash-menu'

const matching = query => {
  const wanted = query.toLowerCase()
  return SLASH_MENU.filter(({ label, words = '' }) =>
    `${label} ${words}`
      .toLowerCase()
      .split(' ')
      .concat(label.toLowerCase())
      .some(word => word.startsWith(wanted))
  )
}

/** The menu's element, and which of its options is chosen. */
class Menu {
  element = document.createElement('div')
  #text
  #items = []
  #chosen = 0
  #choose

  /** @param text the element of the editor that has the focus */
  constructor(text) {
    this.#text = text
    this.element.id = ID
    this.element.setAttribute('role', 'listbox')
    this.element.setAttribute('aria-label', 'Blocks')
    this.element.tabIndex = 0 // it can scroll
    this.element.addEventListener('mousedown', event => event.preventDefault()) // the editor keeps the focus
  }

  /** @param choose called with the item that was chosen */
  show(items, choose) {
    if (items.map(({ label }) => label).join() !== this.#items.map(({ label }) => label).join())
      this.#chosen = 0
    this.#items = items
    this.#choose = choose
    this.element.hidden = items.length === 0
    this.element.replaceChildren(...items.map((item, n) => this.#option(item, n)))
    this.#mark()
  }

  /** Whether the key was for the menu. */
  press(key) {
    const count = this.#items.length
    if (count === 0) return false
    if (key === 'Enter' || key === 'Tab') {
      this.#choose(this.#items[this.#chosen])
      return true
    }
    if (key === 'ArrowDown') this.#chosen = (this.#chosen + 1) % count
    else if (key === 'ArrowUp') this.#chosen = (this.#chosen + count - 1) % count
    else return false
    this.#mark()
    return true
  }

  close() {
    this.#items = []
    for (const name of ['aria-controls', 'aria-activedescendant']) this.#text.removeAttribute(name)
  }

  #option({ label, icon, markdown = '' }, n) {
    const option = document.createElement('div')
    option.id = `${ID}-${n}`
    option.setAttribute('role', 'option')
    option.innerHTML = icon
    const hint = document.createElement('kbd')
    hint.textContent = markdown
    hint.setAttribute('aria-hidden', 'true')
    option.append(label, hint)
    option.addEventListener('click', () => this.#choose(this.#items[n]))
    option.addEventListener('mousemove', () => {
      this.#chosen = n
      this.#mark()
    })
    return option
  }

  #mark() {
    const options = [...this.element.children]
    options.forEach((option, n) => option.setAttribute('aria-selected', String(n === this.#chosen)))
    options[this.#chosen]?.scrollIntoView({ block: 'nearest' })
    if (options.length === 0) return this.close()
    this.#text.setAttribute('aria-controls', ID)
    this.#text.setAttribute('aria-activedescendant', options[this.#chosen].id)
  }
}

/** Shows the menu while the suggestion plugin finds a `/` before the caret. */
const render = () => {
  let menu, unmount
  return {
    onStart: ({ editor, mount }) => {
      menu = new Menu(editor.view.dom)
      unmount = mount(menu.element)
    },
    onUpdate: ({ items, command, loading }) => {
      if (!loading) menu.show(items, command)
    },
    onKeyDown: ({ event }) => menu.press(event.key),
    onExit: () => {
      menu.close()
      unmount()
    }
  }
}

/** @param openers what opens a dialog: `{ image }` */
export const slashMenu = openers =>
  Extension.create({
    name: 'slashMenu',
    addProseMirrorPlugins() {
      return [
        Suggestion({
          editor: this.editor,
          char: '/',
          container: '#text',
          render,
          items: ({ query }) => matching(query),
          allow: ({ state, range }) => !state.doc.resolve(range.from).parent.type.spec.code,
          command: ({ editor, range, props: { command, options, opens } }) => {
            const chain = editor.chain().focus().deleteRange(range)
            if (command) chain[command](options).run()
            else if (chain.run()) openers[opens]()
          }
        })
      ]
    }
  })
