/** The form for a link. It is visible while the caret is in a link, and when a new link is made. */
import { autoUpdate, computePosition, flip, offset, shift } from '@floating-ui/dom'
import { getMarkRange, posToDOMRect } from '@tiptap/core'

const SCHEME = /^[a-z][a-z0-9+.-]*:(?!\d)/i // not `localhost:80`
const MAIL = /^[^\s/@]+@[^\s/@]+$/

/** `example.org` becomes `https://example.org`. */
const withScheme = text =>
  SCHEME.test(text) || /^[/#]/.test(text) ? text : MAIL.test(text) ? `mailto:${text}` : `https://${text}`

export class LinkForm {
  #form
  #input
  #open
  #remove
  #editor
  #isOpened = false
  #dismissed
  #stopUpdates

  /** @param form its fields: `href`, `remove`; and an `a` */
  constructor(form) {
    this.#form = form
    this.#input = form.elements.href
    this.#remove = form.elements.remove
    this.#open = form.querySelector('a')
  }

  attach(editor) {
    this.#editor = editor
    editor.on('transaction', () => this.#show())
    editor.on('focus', () => this.#show())
    editor.on('blur', ({ event }) => {
      if (event.relatedTarget && !this.#form.contains(event.relatedTarget)) this.#close()
    })
    this.#form.addEventListener('submit', event => {
      event.preventDefault()
      this.#apply()
    })
    this.#input.addEventListener('input', () => this.#input.setCustomValidity(''))
    this.#remove.addEventListener('click', () => {
      editor.chain().extendMarkRange('link').unsetLink().run()
      this.#leave()
    })
    this.#form.addEventListener('keydown', event => {
      if (event.key === 'Escape') this.#leave()
    })
    this.#form.addEventListener('focusin', () => {
      this.#isOpened = true
    })
    this.#form.addEventListener('focusout', ({ relatedTarget }) => {
      // If another window gets the focus, the active element stays the same.
      if (this.#form.contains(relatedTarget ?? document.activeElement)) return
      this.#isOpened = false
      this.#show()
    })
  }

  /** Opens the form for the link under the caret or the selected text, and moves the focus into it. */
  open() {
    if (!this.#editor.isEditable) return
    this.#isOpened = true
    this.#dismissed = undefined
    this.#show()
    this.#input.focus()
    this.#input.select()
  }

  /** Where the link under the caret is. */
  #range() {
    const { state } = this.#editor
    return getMarkRange(state.selection.$from, state.schema.marks.link)
  }

  #show() {
    const link = this.#range()
    if (link?.from !== this.#dismissed) this.#dismissed = undefined
    // While the focus moves from the text into the form, neither of them has it.
    const isNear = this.#editor.isFocused || !this.#form.hidden
    if (!this.#isOpened && (!link || link.from === this.#dismissed || !isNear)) return this.#close()
    const { href = '' } = link ? this.#editor.getAttributes('link') : {}
    if (!this.#form.matches(':focus-within')) this.#input.value = href
    this.#open.href = href || '#'
    this.#open.hidden = this.#remove.hidden = !link
    if (this.#form.hidden) this.#place()
  }

  #place() {
    const { view } = this.#editor
    const reference = {
      contextElement: view.dom,
      getBoundingClientRect: () => {
        const { from, to } = this.#range() ?? view.state.selection
        return posToDOMRect(view, from, to)
      }
    }
    this.#form.hidden = false
    this.#stopUpdates = autoUpdate(reference, this.#form, async () => {
      const { x, y } = await computePosition(reference, this.#form, {
        placement: 'bottom-start',
        middleware: [offset(6), flip(), shift({ padding: 8 })]
      })
      Object.assign(this.#form.style, { left: `${x}px`, top: `${y}px` })
    })
  }

  #close() {
    this.#isOpened = false
    this.#stopUpdates?.()
    this.#stopUpdates = undefined
    this.#form.hidden = true
  }

  #apply() {
    const text = this.#input.value.trim()
    if (!text) return this.#remove.click()
    if (!this.#setLink(text, withScheme(text))) {
      this.#input.setCustomValidity('A link cannot have this address.')
      this.#input.reportValidity()
      return
    }
    this.#leave()
  }

  /** Whether the address is allowed. */
  #setLink(text, href) {
    const editor = this.#editor
    if (!editor.can().setLink({ href })) return false
    if (!editor.state.selection.empty || this.#range())
      return editor.chain().extendMarkRange('link').setLink({ href }).run()
    const link = { type: 'text', text, marks: [{ type: 'link', attrs: { href } }] }
    return editor.chain().insertContent(link).unsetMark('link').run() // the text after it is not part of it
  }

  /** Closes the form until the caret comes to a link again, and gives the focus back to the text. */
  #leave() {
    this.#dismissed = this.#range()?.from
    this.#editor.view.focus() // `commands.focus` waits for the next frame
    this.#close()
  }
}
