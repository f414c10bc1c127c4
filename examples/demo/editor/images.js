/** Images from the clipboard, dropped, or chosen as a file; they become part of the document, as base64. */
const MAX_IMAGE_BYTES = 10_000_000 // everybody who opens the document loads it

const read = file =>
  new Promise((resolve, reject) => {
    const reader = new FileReader()
    reader.onload = () => resolve(reader.result)
    reader.onerror = () => reject(reader.error)
    reader.readAsDataURL(file)
  })

/** An image in place of the selection, or at a position. After it there is always a paragraph to type on in. */
const withImage = ({ schema: { nodes }, tr }, attributes, position) => {
  const image = nodes.image.create(attributes)
  if (position === undefined) tr.replaceSelectionWith(image)
  else tr.insert(Math.min(position, tr.doc.content.size), image)
  if (tr.doc.lastChild.type === nodes.image) tr.insert(tr.doc.content.size, nodes.paragraph.create())
  return tr.scrollIntoView()
}

/** @param elements `{ input, notice }`: the hidden file input, and where it is said that an image was not taken */
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
    /** Takes the images of a paste or a drop; false where there are none, or where text came with them. */
    take: (view, transfer, position) => {
      const files = [...transfer.files].filter(({ type }) => type.startsWith('image/'))
      if (!view.editable || files.length === 0 || transfer.types.includes('text/plain')) return false
      files.reduce((before, file) => before.then(() => insert(view, file, position)), Promise.resolve())
      return true
    },
    /** Asks for a file. */
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
