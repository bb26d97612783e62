import { Socket } from 'node:net'

/** Bytes. More are not held back: the server may begin with them while the rest is written down. */
const HELD_MAX = 16_384

/**
 * A socket whose writes of one turn of the event loop go out as one. Statements that do not wait for each other's answers (`Ends`)
 * would each be sent alone, and wake the server that often.
 */
export function createGatheringSocket(): Socket {
  const socket = new Socket()
  let isHolding = false
  const release = () => {
    if (!isHolding) return
    isHolding = false
    socket.uncork()
  }
  const hold = () => {
    isHolding = true
    socket.cork()
    process.nextTick(release)
  }
  // Not before: to connect puts Node's own `write` in its place.
  socket.once('connect', () => {
    const write = socket.write.bind(socket)
    socket.write = (...args: unknown[]) => {
      if (!isHolding) hold()
      // As in one of its two signatures, like the caller's.
      const mayGoOn = write(...(args as Parameters<Socket['write']>))
      if (socket.writableLength > HELD_MAX) release()
      return mayGoOn
    }
  })
  return socket
}
