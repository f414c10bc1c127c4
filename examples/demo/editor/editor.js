/** The editor: Tiptap on the fragment `text-rich` of the document. Undo takes back only what was typed on this page. */
import { Editor, Extension } from '@tiptap/core'
import { Collaboration } from '@tiptap/extension-collaboration'
import { Image } from '@tiptap/extension-image'
import { TaskItem, TaskList } from '@tiptap/extension-list'
import { Placeholder, Selection } from '@tiptap/extensions'
import { StarterKit } from '@tiptap/starter-kit'
import { carets } from './carets.js'
import { slashMenu } from './slash-menu.js'

const FRAGMENT = 'text-rich' // `npm run demo -- --check` types into the Y.Text `text`

/** The caret scrolls into view before it comes under the toolbar. In pixels. */
const HIDDEN_BY_TOOLBAR = { top: 130, right: 0, bottom: 30, left: 0 }

const keys = openers =>
  Extension.create({
    name: 'keys',
    priority: 1_001, // before the keys of the other extensions
    addKeyboardShortcuts() {
      return {
        'Mod-k': () => {
          openers.link()
          return true
        },
        // If nothing is left to redo, ProseMirror would try the key without Shift, which undoes.
        'Shift-Mod-z': () => {
          this.editor.commands.redo()
          return true
        }
      }
    }
  })

/**
 * The editor is not editable at first.
 *
 * @param openers what opens a dialog: `{ link, image }`, each a function
 */
export const createEditor = ({ element, doc, awareness, images, openers }) =>
  new Editor({
    element,
    editable: false,
    injectCSS: false,
    extensions: [
      // Every page that opens a document would add a trailing paragraph to it.
      StarterKit.configure({
        undoRedo: false,
        trailingNode: false,
        link: { openOnClick: false, defaultProtocol: 'https' }
      }),
      TaskList,
      TaskItem.configure({
        nested: true,
        a11y: { checkboxLabel: ({ textContent }) => `Done: ${textContent || 'empty task'}` }
      }),
      Image.configure({ allowBase64: true }),
      Placeholder.configure({
        placeholder: ({ editor }) =>
          editor.isEmpty ? 'Write something, or type / for blocks' : 'Type / for blocks'
      }),
      Selection, // shows the selected text while the focus is in the form for a link
      Collaboration.configure({ document: doc, field: FRAGMENT }),
      carets(awareness),
      slashMenu(openers),
      keys(openers)
    ],
    editorProps: {
      scrollMargin: HIDDEN_BY_TOOLBAR,
      scrollThreshold: HIDDEN_BY_TOOLBAR,
      attributes: {
        'aria-label': 'Text of the document',
        'aria-multiline': 'true',
        'role': 'textbox',
        'spellcheck': 'false'
      },
      handlePaste: (view, event) => images.take(view, event.clipboardData),
      handleDrop: (view, event, slice, moved) =>
        !moved
        && images.take(
          view,
          event.dataTransfer,
          view.posAtCoords({ left: event.clientX, top: event.clientY })?.pos
        )
    }
  })
