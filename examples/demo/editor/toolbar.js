/** The toolbar. It is one tab stop; the arrow keys move from button to button. */
import { TOOLBAR } from './actions.js'

const IS_MAC = /Mac|iPhone|iPad/.test(navigator.platform)
const STEPS = { ArrowRight: 1, ArrowLeft: -1, Home: -Infinity, End: Infinity }

const createButton = ({ label, icon, keys, active }) => {
  const button = document.createElement('button')
  button.type = 'button'
  button.innerHTML = icon
  button.title = keys ? `${label} (${keys.replace('Mod', IS_MAC ? '⌘' : 'Ctrl')})` : label
  button.setAttribute('aria-label', label)
  if (keys) button.setAttribute('aria-keyshortcuts', keys.replace('Mod', IS_MAC ? 'Meta' : 'Control'))
  if (active) button.setAttribute('aria-pressed', 'false')
  return button
}

/** @param openers what opens a dialog: `{ link, image }`, each a function */
export const showToolbar = (element, editor, openers) => {
  const actions = TOOLBAR.flat()
  const buttons = actions.map(action => {
    const button = createButton(action)
    button.addEventListener('mousedown', event => event.preventDefault()) // the editor keeps its selection
    button.addEventListener('click', () => {
      if (button.getAttribute('aria-disabled') === 'true') return
      if (action.opens) openers[action.opens]()
      else editor.chain().focus()[action.command](action.options).run()
    })
    return button
  })
  const unplaced = [...buttons]
  for (const { length } of TOOLBAR) {
    const group = document.createElement('div')
    group.className = 'group'
    group.append(...unplaced.splice(0, length))
    element.append(group)
  }

  let entry = 0
  const enter = n => {
    entry = Math.max(0, Math.min(n, buttons.length - 1))
    buttons.forEach((button, i) => {
      button.tabIndex = i === entry ? 0 : -1
    })
  }
  enter(0)
  element.addEventListener('focusin', event => enter(buttons.indexOf(event.target)))
  element.addEventListener('keydown', event => {
    if (!(event.key in STEPS)) return
    event.preventDefault()
    enter(entry + STEPS[event.key])
    buttons[entry].focus()
  })

  const show = () =>
    actions.forEach(({ active, command, options, opens }, n) => {
      // Not `disabled`: a disabled button loses the focus.
      const isPossible = editor.isEditable && (opens || editor.can()[command](options))
      buttons[n].setAttribute('aria-disabled', String(!isPossible))
      if (active) buttons[n].setAttribute('aria-pressed', String(editor.isActive(...active)))
    })
  editor.on('transaction', show)
  editor.on('update', show) // also after `setEditable`
  show()
}
