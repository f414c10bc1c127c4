/** Images that are pasted, dropped, or chosen as a file. They become part of the document, as base64. */
const MAX_IMAGE_BYTES = 10_000_000 // everybody who opens the document loads them

const read = file =>
  new Promise((resolve, reject) => {
    const reader = new FileReader()
    reader.onload = () => resolve(reader.result)
    reader.onerror = () => reject(reader.error)
    reader.readAsDataURL(file)
  })

/** An image in place of the selection, or at a position. A paragraph follows it, so that typing can continue. */
const withImage = ({ schema: { nodes }, tr }, attributes, position) => {
  const image = nodes.image.create(attributes)
  if (position === undefined) tr.replaceSelectionWith(image)
  else tr.insert(Math.min(position, tr.doc.content.size), image)
  if (tr.doc.lastChild.type === nodes.image) tr.insert(tr.doc.content.size, nodes.paragraph.create())
  return tr.scrollIntoView()
}

/** @param elements `{ input, notice }`: the hidden file input, and the element that shows why an image was refused */
export const imagesFor = ({ input, notice }) => {
  const refuse = reason => {
    notice.textContent = reason
    notice.hidden = false
  }

  const insert = async (view, file, position) => {
    notice.hidden = true
    const name = file.name || 'The image'
    if (!file.type.startsWith('image/')) return refuse(`${name} is not an image.`)
    if (file.size > MAX_IMAGE_BYTES)
      return refuse(`${name} is larger than ${MAX_IMAGE_BYTES / 1_000_000} MB.`)
    try {
      view.dispatch(withImage(view.state, { src: await read(file), alt: file.name }, position))
    } catch (error) {
      refuse(`${name} could not be read: ${error.message}`)
    }
  }

  return {
    /** Takes the images of a paste or a drop. Returns false if there are none, or if there is text too. */
    take: (view, transfer, position) => {
      const files = [...transfer.files].filter(({ type }) => type.startsWith('image/'))
      if (!view.editable || files.length === 0 || transfer.types.includes('text/plain')) return false
      files.reduce((before, file) => before.then(() => insert(view, file, position)), Promise.resolve())
      return true
    },
    /** Asks for a file and inserts it. */
    choose: editor => {
      input.onchange = async () => {
        const [file] = input.files
        input.value = '' // the same file can be chosen again
        await insert(editor.view, file)
        editor.commands.focus()
      }
      input.click()
    }
  }
}
