/** The button that copies the address of the document. */

/** Without HTTPS, pages of hosts other than localhost have no clipboard. They show the address, to be copied by hand. */
const copy = async (address, field) => {
  try {
    await navigator.clipboard.writeText(address)
    return true
  } catch {
    field.hidden = false
    field.value = address
    field.focus()
    field.select()
    return false
  }
}

const CONFIRMED_MS = 2_500

/** @param elements `{ button, field }`; @param announce takes a text for screen readers */
export const showShare = ({ button, field }, address, announce) => {
  const label = button.querySelector('span')
  const text = label.textContent
  let timer
  button.addEventListener('click', async () => {
    if (!(await copy(address, field))) return
    announce('Link copied')
    label.textContent = 'Copied'
    clearTimeout(timer)
    timer = setTimeout(() => {
      label.textContent = text
    }, CONFIRMED_MS)
  })
  field.addEventListener('blur', () => {
    field.hidden = true
  })
}
