import { WebsocketProvider } from 'y-websocket'
import * as Y from 'yjs'
import { bindTextarea } from './textarea.js'

const REFRESH_MS = 1_500
const at = id => document.getElementById(id)

const docName = decodeURIComponent(location.hash.slice(1)) || 'welcome'
addEventListener('hashchange', () => location.reload())
at('name').textContent = docName

const doc = new Y.Doc()
const server = `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}`
// Tabs of one browser would also talk to each other directly: here everything goes through the server.
const provider = new WebsocketProvider(server, encodeURIComponent(docName), doc, { disableBc: true })
bindTextarea(at('text'), doc.getText('text'))

const showState = () => {
  const others = provider.awareness.getStates().size - 1
  at('state').className = provider.wsconnected ? 'connected' : ''
  at('state').textContent = !provider.wsconnected ? 'connecting' : others > 0 ? `connected, ${others} more here` : 'connected'
}
provider.awareness.setLocalStateField('here', true) // an empty state is not passed on
provider.on('status', showState)
provider.awareness.on('change', showState)
provider.once('sync', () => { at('text').disabled = false })

const showStored = async () => {
  try {
    const { waiting, documents } = await (await fetch('/stored')).json()
    at('stored').replaceChildren(...documents.map(({ name, items, bytes }) => {
      const row = document.createElement('tr')
      for (const text of [name, items.toLocaleString('en'), bytes.toLocaleString('en')]) {
        row.appendChild(document.createElement('td')).textContent = text
      }
      return row
    }))
    at('waiting').textContent = waiting > 0 ? `${waiting} updates are being stored` : 'Everything is stored.'
  } catch {
    at('waiting').textContent = 'The server does not answer.'
  }
  setTimeout(showStored, REFRESH_MS)
}
showStored()
