import { once } from 'node:events'
import { connect } from 'node:net'
import { beforeAll, expect, it } from 'vitest'
import { useEconomyApi } from '#test/support/economy-api.ts'

const ctx = useEconomyApi()

beforeAll(async () => {
  await ctx.api.app.listen({ port: 0, host: '127.0.0.1' })
})

function connected() {
  const address = ctx.api.app.server.address()
  return connect(typeof address === 'object' ? (address?.port ?? 0) : 0, '127.0.0.1')
}

it('answers a request that offers HTTP/2 besides, body and all, as Java’s client sends it', async () => {
  const socket = connected()
  const body = JSON.stringify({ name: 'Alice' })
  socket.write(
    [
      'POST /v3/users HTTP/1.1',
      'Host: 127.0.0.1',
      `Authorization: Bearer ${ctx.key}`,
      'Content-Type: application/json',
      `Content-Length: ${body.length}`,
      'Connection: Upgrade, HTTP2-Settings',
      'Upgrade: h2c',
      'HTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA',
      '',
      body,
    ].join('\r\n'),
  )
  const [answer] = await once(socket, 'data')
  socket.destroy()
  expect(String(answer)).toMatch(/^HTTP\/1\.1 201 /)
})

it('answers who asks for a socket where there is none', async () => {
  const socket = connected()
  socket.write(
    [
      'GET /v3/users HTTP/1.1',
      'Host: 127.0.0.1',
      `Authorization: Bearer ${ctx.key}`,
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
      '\r\n',
    ].join('\r\n'),
  )
  const [answer] = await once(socket, 'data')
  socket.destroy()
  expect(String(answer)).toMatch(/^HTTP\/1\.1 200 /)
})
