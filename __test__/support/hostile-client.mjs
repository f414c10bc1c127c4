/** Updates of a hostile client, byte by byte. */
import { Y } from './documents.mjs'

export const varUint = n => (n > 127 ? [(n % 128) + 128, ...varUint(Math.floor(n / 128))] : [n])
export const string = text => [...varUint(Buffer.byteLength(text)), ...Buffer.from(text)]
export const update = (...bytes) => Uint8Array.from(bytes.flat(Infinity))

/** Applies an update of a hostile client. In a document that is not bound Yjs would throw. */
export const receive = (ydoc, bytes, yjs = Y) => {
  try {
    yjs.applyUpdate(ydoc, bytes, 'socket')
  } catch {
    // The bound document deletes what Yjs cannot write only afterwards; the tests look at what is stored.
  }
}
