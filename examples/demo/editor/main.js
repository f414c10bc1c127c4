/** The page: which document it shows, and the modules that show it. */
import { WebsocketProvider } from 'y-websocket'
import * as Y from 'yjs'
import '@fontsource-variable/inter/wght.css'
import '@fontsource-variable/inter/wght-italic.css'
import { addressOf, docNameIn, newDocName, roomOf } from './address.js'
import { createEditor } from './editor.js'
import { imagesFor } from './images.js'
import { LinkForm } from './link.js'
import { showPanel } from './panel.js'
import { showPeople } from './people.js'
import { Unsaved } from './saved.js'
import { showShare } from './share.js'
import { showState } from './state.js'
import { showToolbar } from './toolbar.js'

const byId = id => document.getElementById(id)
const announce = text => {
  byId('announcement').textContent = text
}

const docName = docNameIn(new URL(location.href))
const address = addressOf(docName, location.origin)
history.replaceState(history.state, '', address)
document.title = `${docName} · y-dynamodb`
byId('name').textContent = docName
byId('new').href = addressOf(newDocName(), location.origin)
showShare({ button: byId('share'), field: byId('address') }, address, announce)

const doc = new Y.Doc()
const server = `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}`
// Without `disableBc` tabs of one browser would sync with each other directly, not through the server.
const { room, params } = roomOf(docName)
const provider = new WebsocketProvider(server, room, doc, { params, disableBc: true })
const { awareness } = provider
const unsaved = new Unsaved(doc, provider)

showPeople(awareness, {
  name: byId('own-name'),
  colour: byId('own-colour'),
  others: byId('people'),
  avatars: byId('avatars')
})
const images = imagesFor({ input: byId('file'), notice: byId('notice') })
const linkForm = new LinkForm(byId('link'))
const openers = { link: () => linkForm.open(), image: () => images.choose(editor) }
const editor = createEditor({ element: byId('text'), doc, awareness, images, openers })
linkForm.attach(editor)
showToolbar(byId('toolbar'), editor, openers)
// Text that is typed before the document is loaded would not be at the place where it was typed.
provider.once('sync', () => {
  editor.setEditable(true)
  if (document.activeElement === document.body) editor.commands.focus('start')
})

const setAnswering = showState({ element: byId('state'), announce, provider, unsaved })
showPanel(byId('panel'), docName, {
  onStored: snapshot => unsaved.compare(snapshot),
  onAnswering: setAnswering
})

addEventListener('beforeunload', event => {
  if (unsaved.count > 0) event.preventDefault()
})
