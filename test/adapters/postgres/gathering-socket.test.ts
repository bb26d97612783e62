import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createGatheringSocket } from '#adapters/postgres/gathering-socket.ts'

/** More than is held back. */
const LARGE = Buffer.alloc(20_000, 'x')

let server: Server
let received: string
let client: Socket
beforeEach(async () => {
  received = ''
  server = createServer((socket: Socket) => socket.on('data', (bytes) => (received += bytes.toString())))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const address = server.address()
  client = createGatheringSocket()
  client.connect(typeof address === 'object' ? (address?.port ?? 0) : 0, '127.0.0.1')
  await once(client, 'connect')
})
afterEach(() => {
  client.destroy()
  server.close()
})

const arrived = (text: string) => expect.poll(() => received).toBe(text)

describe('createGatheringSocket', () => {
  it('sends what is written in one turn together, in its order, when the turn ends', async () => {
    client.write('a')
    await Promise.resolve()
    client.write('b')
    expect([client.writableLength, client.writableCorked]).toEqual([2, 1])
    await new Promise((resolve) => process.nextTick(resolve))
    expect(client.writableCorked).toBe(0)
    await arrived('ab')
  })

  it('does not hold back more than a little', async () => {
    client.write('a')
    client.write(LARGE)
    expect(client.writableCorked).toBe(0)
    client.write('b')
    await arrived(`a${LARGE.toString()}b`)
  })

  it('sends what it holds when it ends', async () => {
    client.write('a', () => undefined)
    client.end('b')
    await arrived('ab')
  })

  it('leaves it to whoever else holds writes back when they go', async () => {
    client.cork()
    client.write('a')
    await new Promise((resolve) => setImmediate(resolve))
    expect(received).toBe('')
    client.uncork()
    await arrived('a')
  })
})
