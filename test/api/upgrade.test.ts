import { once } from 'node:events'
import { connect } from 'node:net'
import { expect, it } from 'vitest'
import { useEconomyApi } from '#test/support/economy-api.ts'

const ctx = useEconomyApi()

it('answers a request that offers HTTP/2 besides, body and all, as Java’s client sends it', async () => {
  const { app } = ctx.api
  await app.listen({ port: 0, host: '127.0.0.1' })
  const address = app.server.address()
  const socket = connect(typeof address === 'object' ? (address?.port ?? 0) : 0, '127.0.0.1')
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
