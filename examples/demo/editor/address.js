/** The name of the document in the address of the page. */
const WELCOME = 'welcome'
const ADJECTIVES = ['bright', 'calm', 'clever', 'gentle', 'golden', 'happy', 'keen', 'quiet', 'swift', 'warm']
const NOUNS = [
  'cedar',
  'comet',
  'harbor',
  'island',
  'lantern',
  'maple',
  'meadow',
  'otter',
  'river',
  'sparrow'
]

/** Paths that the server answers itself. */
const isReserved = docName => docName === 'stored' || docName.startsWith('assets/')

export const docNameIn = ({ pathname, searchParams }) =>
  searchParams.get('doc') || decodeURIComponent(pathname.slice(1)) || WELCOME

/** The address to share. Names that cannot be a path go into the query. */
export const addressOf = (docName, origin) => {
  const address = new URL(origin)
  address.pathname = docName.split('/').map(encodeURIComponent).join('/')
  if (isReserved(docName) || docNameIn(address) !== docName) {
    address.pathname = '/'
    address.searchParams.set('doc', docName)
  }
  return address.href
}

/**
 * Where the server has the document: `{ room, params }` of the provider. A browser drops `.` and `..` from a path, also encoded
 * ones.
 */
export const roomOf = docName =>
  docName === '.' || docName === '..'
    ? { room: '', params: { doc: docName } }
    : { room: encodeURIComponent(docName), params: {} }

/** A name that no other document has, in all likelihood. */
export const newDocName = () => {
  const [a, b, number] = crypto.getRandomValues(new Uint32Array(3))
  return `${ADJECTIVES[a % ADJECTIVES.length]}-${NOUNS[b % NOUNS.length]}-${100_000 + (number % 900_000)}`
}
