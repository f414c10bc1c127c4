/** The editor: Tiptap on the document's fragment `text-rich`. Undo is the collaboration's: it takes back only what was typed here. */
import { Editor, Extension } from '@tiptap/core'
import { Collaboration } from '@tiptap/extension-collaboration'
import { CollaborationCaret } from '@tiptap/extension-collaboration-caret'
import { Image } from '@tiptap/extension-image'
import { StarterKit } from '@tiptap/starter-kit'

const FRAGMENT = 'text-rich' // `text` is the Y.Text that `npm run demo -- --check` types into

// ProseMirror takes a key that nobody wanted for the same key without Shift: where nothing is left to redo, it would undo.
const Redo = Extension.create({
  name: 'redo',
  priority: 1_001, // before the collaboration's own
  addKeyboardShortcuts() {
    return {
      'Shift-Mod-z': () => {
        this.editor.commands.redo()
        return true
      }
    }
  }
})

/** Not editable at first. */
export const createEditor = ({ element, doc, provider, user, images }) =>
  new Editor({
    element,
    editable: false,
    injectCSS: false,
    extensions: [
      // A trailing paragraph would be added by every page that opens the document.
      StarterKit.configure({ undoRedo: false, trailingNode: false, link: { openOnClick: false } }),
      Image.configure({ allowBase64: true }),
      Collaboration.configure({ document: doc, field: FRAGMENT }),
      CollaborationCaret.configure({ provider, user }),
      Redo
    ],
    editorProps: {
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
