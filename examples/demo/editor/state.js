/** Shows whether the document is saved. Screen readers announce when the connection is lost and when it is back. */
const TEXTS = { connecting: 'Connecting', offline: 'Offline', saving: 'Saving', saved: 'Saved' }

const unsavedText = count =>
  count === 0 ? '' : `, ${count.toLocaleString('en')} ${count === 1 ? 'change' : 'changes'} not saved`

/**
 * @param element shows the state
 * @param announce takes a text for screen readers
 * @returns a function that takes whether the server answers `/stored`
 */
export const showState = ({ element, announce, provider, unsaved }) => {
  let isAnswering = true
  let state

  const stateNow = () => {
    if (!isAnswering || (!provider.wsconnected && provider.wsUnsuccessfulReconnects > 0)) return 'offline'
    if (!provider.wsconnected) return 'connecting'
    return unsaved.count > 0 ? 'saving' : 'saved'
  }
  const show = () => {
    const before = state
    state = stateNow()
    element.dataset.state = state
    element.textContent = TEXTS[state] + (state === 'offline' ? unsavedText(unsaved.count) : '')
    if (state === before) return
    if (state === 'offline') announce('Offline')
    if (before === 'offline') announce('Connected again')
  }
  provider.on('status', show)
  provider.on('sync', show)
  unsaved.onChange = show
  show()

  return answers => {
    isAnswering = answers
    show()
  }
}
