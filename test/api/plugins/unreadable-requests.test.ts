import { once } from 'node:events'
import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startApi, type TestApi } from '#test/support/api.ts'

/** What is no HTTP, over a socket: no client library would send it. */
describe('requests that cannot be read', () => {
  let api: TestApi
  let port: number
  beforeAll(async () => {
    api = await startApi()
    port = Number(new URL(await api.app.listen({ host: '127.0.0.1', port: 0 })).port)
  })
  afterAll(() => api.close())

  const say = async (text: string) => {
    const socket = connect(port, '127.0.0.1')
    let answer = ''
    socket.on('data', (chunk) => (answer += String(chunk)))
    socket.on('error', () => {})
    socket.write(text, 'latin1')
    await once(socket, 'close')
    const [head = '', body = ''] = answer.split('\r\n\r\n')
    return { status: Number(head.split(' ')[1]), head: head.toLowerCase(), body: JSON.parse(body) }
  }

  it.each([
    ['noise', '\0\x01\x02 nonsense\r\n\r\n'],
    ['another protocol', 'SSH-2.0-OpenSSH_9.2\r\n\r\n'],
    ['a header with NUL', 'GET /livez HTTP/1.1\r\nHost: x\r\nX-A: \0\r\n\r\n'],
    ['two lengths', 'POST /v3/users HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab'],
    [
      'a length beside chunks',
      'POST /v3/users HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    ],
    [
      'chunks that are none',
      'POST /v3/users HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
    ],
    ['a second request in a header', 'GET /livez HTTP/1.1\r\nHost: x\r\nX-A: b\n\nGET / HTTP/1.1\r\n\r\n'],
  ])('400: %s', async (_what, text) => {
    const { status, head, body } = await say(text)
    expect({ status, code: body.code }).toEqual({ status: 400, code: 'invalid_request' })
    expect(head).toContain('content-type: application/problem+json')
    expect(head).toContain(`x-request-id: ${body.request_id}`)
  })

  it('431: headers without end', async () => {
    const { status, body } = await say(`GET /livez HTTP/1.1\r\nHost: x\r\nX-A: ${'a'.repeat(20_000)}\r\n\r\n`)
    expect({ status, bodyStatus: body.status, code: body.code }).toEqual({
      status: 431,
      bodyStatus: 431,
      code: 'invalid_request',
    })
  })

  it('goes on serving the others', async () => {
    expect((await fetch(`http://127.0.0.1:${port}/livez`)).status).toBe(200)
  })
})
