/** The page: which document it shows, and the parts that show it. */
import { WebsocketProvider } from 'y-websocket'
import * as Y from 'yjs'
import { createEditor } from './editor.js'
import { imagesFor } from './images.js'
import { showPanel } from './panel.js'
import { showPeople } from './people.js'
import { Unsaved } from './saved.js'
import { showToolbar } from './toolbar.js'

const at = id => document.getElementById(id)

const docName =
  new URLSearchParams(location.search).get('doc')
  || decodeURIComponent(location.pathname.slice(1))
  || 'welcome'
document.title = `${docName} · y-dynamodb`
at('name').textContent = docName

const doc = new Y.Doc()
const server = `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}`
// Tabs of one browser would also talk to each other directly: here everything goes through the server.
const provider = new WebsocketProvider(server, encodeURIComponent(docName), doc, { disableBc: true })
const unsaved = new Unsaved(doc, provider)

const user = showPeople(provider.awareness, {
  name: at('own-name'),
  colour: at('own-colour'),
  others: at('people')
})
const images = imagesFor({ input: at('file'), notice: at('notice') })
const editor = createEditor({ element: at('text'), doc, provider, user, images })
showToolbar(at('toolbar'), editor, () => images.choose(editor))
// What is typed before the document is there would stand beside it, not in it.
provider.once('sync', () => editor.setEditable(true))

const TEXTS = { connecting: 'Connecting', offline: 'Offline', saving: 'Saving', saved: 'Saved' }
let isAnswering = true
const stateNow = () => {
  if (!isAnswering || (!provider.wsconnected && provider.wsUnsuccessfulReconnects > 0)) return 'offline'
  if (!provider.wsconnected) return 'connecting'
  return unsaved.count > 0 ? 'saving' : 'saved'
}
const showState = () => {
  const state = stateNow()
  const kept =
    state === 'offline' && unsaved.count > 0
      ? `, ${unsaved.count.toLocaleString('en')} changes kept here`
      : ''
  at('state').dataset.state = state
  at('state').textContent = TEXTS[state] + kept
}
provider.on('status', showState)
provider.on('sync', showState)
unsaved.onChange = showState

showPanel(at('panel'), docName, {
  onStored: snapshot => unsaved.compare(snapshot),
  onAnswering: answers => {
    isAnswering = answers
    showState()
  }
})

addEventListener('beforeunload', event => {
  if (unsaved.count > 0) event.preventDefault()
})
