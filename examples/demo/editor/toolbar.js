/** The toolbar: buttons for the editor's commands. One of them is in the tab order; the arrow keys go on from there. */
const icon = paths => `<svg viewBox="0 0 24 24" aria-hidden="true">${paths}</svg>`
const lines = (...starts) => starts.map(([x, y]) => `<path d="M${x} ${y}H20"/>`).join('')

const ACTIONS = [
  { label: 'Bold', keys: 'Ctrl+B', text: '<b>B</b>', command: 'toggleBold', active: ['bold'] },
  { label: 'Italic', keys: 'Ctrl+I', text: '<i>I</i>', command: 'toggleItalic', active: ['italic'] },
  {
    label: 'Heading 1',
    keys: 'Ctrl+Alt+1',
    text: 'H1',
    command: 'toggleHeading',
    options: { level: 1 },
    active: ['heading', { level: 1 }]
  },
  {
    label: 'Heading 2',
    keys: 'Ctrl+Alt+2',
    text: 'H2',
    command: 'toggleHeading',
    options: { level: 2 },
    active: ['heading', { level: 2 }],
    last: true
  },
  {
    label: 'Bullet list',
    keys: 'Ctrl+Shift+8',
    command: 'toggleBulletList',
    active: ['bulletList'],
    text: icon(
      lines([10, 6], [10, 12], [10, 18])
        + '<g class="solid"><circle cx="5" cy="6" r="1.6"/><circle cx="5" cy="12" r="1.6"/><circle cx="5" cy="18" r="1.6"/></g>'
    )
  },
  {
    label: 'Numbered list',
    keys: 'Ctrl+Shift+7',
    command: 'toggleOrderedList',
    active: ['orderedList'],
    text: icon(
      lines([10, 6], [10, 12], [10, 18]) + '<path d="M4 5l1.5-1v5M3.5 14.6c.4-1.5 3-1.3 2.6.2L3.6 19h3"/>'
    )
  },
  {
    label: 'Quote',
    keys: 'Ctrl+Shift+B',
    command: 'toggleBlockquote',
    active: ['blockquote'],
    last: true,
    text: icon('<path d="M5 5v14"/>' + lines([9, 7], [9, 12], [9, 17]))
  },
  {
    label: 'Insert image',
    text: icon(
      '<rect x="3" y="5" width="18" height="14" rx="2"/><circle cx="8.5" cy="10" r="1.5"/><path d="M4 17l5-4 3 2.5 4-4.5 5 5"/>'
    ),
    chooses: true,
    last: true
  },
  {
    label: 'Undo',
    keys: 'Ctrl+Z',
    command: 'undo',
    text: icon('<path d="M8 5L4 9l4 4M4 9h10a5.5 5.5 0 010 11h-3"/>')
  },
  {
    label: 'Redo',
    keys: 'Ctrl+Shift+Z',
    command: 'redo',
    text: icon('<path d="M16 5l4 4-4 4M20 9H10a5.5 5.5 0 000 11h3"/>')
  }
]

const STEPS = { ArrowRight: 1, ArrowLeft: -1, Home: -Infinity, End: Infinity }

const createButton = ({ label, keys, text, active, last }) => {
  const button = document.createElement('button')
  button.type = 'button'
  button.innerHTML = text
  button.title = keys ? `${label} (${keys})` : label
  button.setAttribute('aria-label', label)
  if (active) button.setAttribute('aria-pressed', 'false')
  if (last) button.className = 'last'
  return button
}

/** @param chooseImage opens the choice of a file */
export const showToolbar = (element, editor, chooseImage) => {
  const buttons = ACTIONS.map(action => {
    const button = createButton(action)
    button.addEventListener('mousedown', event => event.preventDefault()) // the selection stays
    button.addEventListener('click', () =>
      action.chooses ? chooseImage() : editor.chain().focus()[action.command](action.options).run()
    )
    return button
  })
  element.append(...buttons)

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
    ACTIONS.forEach(({ active, command, options, chooses }, n) => {
      // Not `disabled`: the focus would be lost with the last step that can be undone.
      const isPossible = editor.isEditable && (chooses || editor.can()[command](options))
      buttons[n].setAttribute('aria-disabled', String(!isPossible))
      if (active) buttons[n].setAttribute('aria-pressed', String(editor.isActive(...active)))
    })
  editor.on('transaction', show)
  editor.on('update', show) // also when it becomes editable
  show()
}
