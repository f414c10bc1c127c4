import net from 'node:net'

/** Sends an upgrade request with any path. `answer` is the first line of the response. */
export const upgrade = (port, path, headers = {}) => {
  const lines = Object.entries({
    'Host': `127.0.0.1:${port}`,
    'Connection': 'Upgrade',
    'Upgrade': 'websocket',
    'Sec-WebSocket-Version': 13,
    'Sec-WebSocket-Key': Buffer.alloc(16).toString('base64'),
    ...headers
  }).map(([name, value]) => `${name}: ${value}`)
  const socket = net.connect(Number(port), '127.0.0.1')
  socket.write(`GET ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`)
  const answer = new Promise((resolve, reject) => {
    socket.once('data', data => resolve(data.toString().split('\r\n')[0]))
    socket.once('close', () => reject(new Error(`${path}: closed without an answer`)))
    socket.once('error', reject)
  })
  answer.catch(() => {})
  return { socket, answer }
}

/** The status of the response to such a request. */
export const statusOf = async (port, path, headers) => {
  const { socket, answer } = upgrade(port, path, headers)
  try {
    return Number((await answer).split(' ')[1])
  } finally {
    socket.destroy()
  }
}
