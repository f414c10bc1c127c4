/**
 * Ends a connection at once, with a reset if it is still writable.
 *
 * A socket that is shutting down is destroyed without a reset: libuv refuses the reset, but Node 20 takes the handle for closed,
 * and the process hangs in a busy loop when it ends.
 */
export function breakConnection(socket) {
  if (socket.writable) socket.resetAndDestroy()
  else socket.destroy()
}
