import * as Y from 'yjs'

/** The one replaced stretch between two strings; `caret` is where the new one was typed, which tells repeated letters apart. */
const change = (before, after, caret) => {
  const common = Math.min(before.length, after.length)
  const lastStart = Math.min(common, Math.max(0, caret - Math.max(0, after.length - before.length)))
  let start = 0
  while (start < lastStart && before[start] === after[start]) start++
  let end = 0
  while (end < common - start && before[before.length - 1 - end] === after[after.length - 1 - end]) end++
  return { start, removed: before.length - start - end, inserted: after.slice(start, after.length - end) }
}

/** Keeps a textarea and a Y.Text equal. The selection stays at the characters where it was. */
export const bindTextarea = (textarea, text) => {
  const show = () => { textarea.value = text.toString() }

  textarea.addEventListener('input', () => {
    const { start, removed, inserted } = change(text.toString(), textarea.value, textarea.selectionStart)
    text.doc.transact(() => {
      text.delete(start, removed)
      text.insert(start, inserted)
    }, textarea)
  })

  let selection = []
  text.doc.on('beforeTransaction', () => {
    selection = [textarea.selectionStart, textarea.selectionEnd]
      .map(index => Y.createRelativePositionFromTypeIndex(text, Math.min(index, text.length)))
  })
  text.observe((event, transaction) => {
    if (transaction.origin === textarea) return
    show()
    const [start, end] = selection.map(position => Y.createAbsolutePositionFromRelativePosition(position, text.doc)?.index ?? 0)
    textarea.setSelectionRange(start, end)
  })
  show()
}
