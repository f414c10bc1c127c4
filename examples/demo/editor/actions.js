/** The editor's commands, as the toolbar and the slash menu offer them. */
import { ICONS } from './icons.js'

/** `command` and `options` are Tiptap's; `active` are the arguments of `editor.isActive`. */
const command = (label, icon, command, more = {}) => ({ label, icon: ICONS[icon], command, ...more })

const heading = level =>
  command(`Heading ${level}`, `heading${level}`, 'toggleHeading', {
    options: { level },
    active: ['heading', { level }],
    keys: `Mod+Alt+${level}`,
    markdown: '#'.repeat(level)
  })

const text = command('Text', 'text', 'setParagraph', { words: 'paragraph plain' })
const heading1 = heading(1)
const heading2 = heading(2)
const bold = command('Bold', 'bold', 'toggleBold', { active: ['bold'], keys: 'Mod+B' })
const italic = command('Italic', 'italic', 'toggleItalic', { active: ['italic'], keys: 'Mod+I' })
const code = command('Code', 'code', 'toggleCode', { active: ['code'], keys: 'Mod+E' })
const link = { label: 'Link', icon: ICONS.link, opens: 'link', active: ['link'], keys: 'Mod+K' }
const bulletList = command('Bullet list', 'bulletList', 'toggleBulletList', {
  active: ['bulletList'],
  keys: 'Mod+Shift+8',
  markdown: '-',
  words: 'unordered'
})
const orderedList = command('Numbered list', 'orderedList', 'toggleOrderedList', {
  active: ['orderedList'],
  keys: 'Mod+Shift+7',
  markdown: '1.',
  words: 'ordered'
})
const taskList = command('Task list', 'taskList', 'toggleTaskList', {
  active: ['taskList'],
  keys: 'Mod+Shift+9',
  markdown: '[]',
  words: 'todo checkbox'
})
const quote = command('Quote', 'quote', 'toggleBlockquote', {
  active: ['blockquote'],
  keys: 'Mod+Shift+B',
  markdown: '>'
})
const codeBlock = command('Code block', 'codeBlock', 'toggleCodeBlock', {
  active: ['codeBlock'],
  keys: 'Mod+Alt+C',
  markdown: '```'
})
const divider = command('Divider', 'divider', 'setHorizontalRule', { markdown: '---', words: 'line rule' })
const image = { label: 'Image', icon: ICONS.image, opens: 'image', words: 'picture photo' }
const undo = command('Undo', 'undo', 'undo', { keys: 'Mod+Z' })
const redo = command('Redo', 'redo', 'redo', { keys: 'Mod+Shift+Z' })

export const TOOLBAR = [
  [heading1, heading2],
  [bold, italic, code, link],
  [bulletList, orderedList, taskList],
  [quote, codeBlock, image],
  [undo, redo]
]

export const SLASH_MENU = [
  text,
  heading1,
  heading2,
  bulletList,
  orderedList,
  taskList,
  quote,
  codeBlock,
  divider,
  image
]
