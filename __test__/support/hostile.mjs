/** Updates as a hostile client writes them, byte by byte. */
import { Y } from './documents.mjs'

export const varUint = n => (n > 127 ? [(n % 128) + 128, ...varUint(Math.floor(n / 128))] : [n])
export const string = text => [...varUint(Buffer.byteLength(text)), ...Buffer.from(text)]
export const update = (...bytes) => Uint8Array.from(bytes.flat(Infinity))

/** Applies what a hostile client sent. Without the guard yjs throws here. */
export const receive = (ydoc, bytes, yjs = Y) => {
  try {
    yjs.applyUpdate(ydoc, bytes, 'socket')
  } catch {
    // The guard deletes what yjs cannot write only afterwards: what matters is what is stored.
  }
}
