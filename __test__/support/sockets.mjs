/** Breaking connections off. */

/**
 * Ends a connection at once, with a reset where it is still open for writing.
 *
 * A socket that is shutting down is destroyed without one: libuv refuses its reset, Node 20 takes its handle for closed
 * nevertheless, and the process spins for ever when it ends.
 */
export function breakOff(socket) {
  if (socket.writable) socket.resetAndDestroy()
  else socket.destroy()
}
