import { createServer, connect, type Server, type Socket } from 'node:net'

/** A loopback line to a server that can stand still, be cut and be taken away. */
export interface TcpProxy {
  port: number
  /** Nothing goes through, either way; connections stay open and new ones are taken, as with a stopped server process. */
  freeze(): void
  thaw(): void
  /** Nobody listens any more, and every open connection is reset. */
  goAway(): Promise<void>
  comeBack(): Promise<void>
  close(): Promise<void>
}

export async function startTcpProxy(target: { host: string; port: number }): Promise<TcpProxy> {
  const pairs = new Set<[Socket, Socket]>()
  let isFrozen = false
  let server: Server

  function accept(client: Socket): void {
    const upstream = connect(target.port, target.host)
    const pair: [Socket, Socket] = [client, upstream]
    pairs.add(pair)
    for (const [from, to] of [pair, [upstream, client] as const]) {
      from.on('data', (chunk) => to.write(chunk))
      from.on('error', () => to.destroy())
      from.on('close', () => {
        pairs.delete(pair)
        to.destroy()
      })
      if (isFrozen) from.pause()
    }
  }

  async function listen(port: number): Promise<number> {
    server = createServer(accept)
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
    const address = server.address()
    return typeof address === 'object' && address ? address.port : 0
  }

  async function goAway(): Promise<void> {
    for (const pair of pairs) for (const socket of pair) socket.resetAndDestroy()
    await new Promise<void>((resolve) => server.close(() => resolve()))
  }

  const port = await listen(0)
  return {
    port,
    freeze() {
      isFrozen = true
      for (const pair of pairs) for (const socket of pair) socket.pause()
    },
    thaw() {
      isFrozen = false
      for (const pair of pairs) for (const socket of pair) socket.resume()
    },
    goAway,
    comeBack: async () => void (await listen(port)),
    close: goAway,
  }
}
