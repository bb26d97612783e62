import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'

/** A line to a server on which requests arrive and, when told so, answers do not. */
export interface AnswerThief {
  url: string
  /** Cuts the connection of the next so many requests once the server has begun to answer. */
  steal(answers: number): void
  stolen(): number
  close(): Promise<void>
}

export async function startAnswerThief(target: string): Promise<AnswerThief> {
  const { hostname, port } = new URL(target)
  const open = new Set<Socket>()
  let left = 0
  let stolen = 0
  const server = createServer((client) => {
    const upstream = connect(Number(port), hostname)
    open.add(client)
    client.on('error', () => upstream.destroy())
    client.on('close', () => {
      open.delete(client)
      upstream.destroy()
    })
    upstream.on('error', () => client.destroy()).on('close', () => client.destroy())
    client.on('data', (chunk) => upstream.write(chunk))
    upstream.on('data', (chunk) => {
      if (left === 0) return client.write(chunk)
      left -= 1
      stolen += 1
      return client.resetAndDestroy()
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  // A listening TCP server has a port.
  const address = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${address.port}`,
    steal(answers) {
      left = answers
    },
    stolen: () => stolen,
    async close() {
      server.close()
      for (const client of open) client.destroy()
      await once(server, 'close')
    },
  }
}
