import type { Socket } from 'node:net'
import { STATUS_CODES } from 'node:http'
import type { ConnectionError } from 'fastify'
import { PROBLEM_MEDIA_TYPE, wireErrorOf } from './problem.ts'
import { OF_DATA } from './security-headers.ts'
import { requestIdOf } from './request-id.ts'

/** What Node gives up reading, and what that is to a client; everything else is no HTTP. */
const REFUSALS: Record<string, { status: number; detail: string }> = {
  HPE_HEADER_OVERFLOW: { status: 431, detail: 'The headers are larger than this API takes.' },
  ERR_HTTP_REQUEST_TIMEOUT: { status: 408, detail: 'The request did not arrive in time.' },
}
const NO_HTTP = { status: 400, detail: 'The request is not valid HTTP.' }

/** Answers what was refused before it was a request of ours, in the shape of every other refusal, and hangs up. */
export function answerUnreadable(publicUrl: string): (error: ConnectionError, socket: Socket) => void {
  return (error, socket) => {
    if (error.code === 'ECONNRESET' || socket.destroyed) return
    const { status, detail } = REFUSALS[error.code] ?? NO_HTTP
    const requestId = requestIdOf({ headers: {} })
    const body = JSON.stringify({
      type: `${publicUrl}/errors/invalid_request`,
      title: wireErrorOf.invalid_request.title,
      status,
      code: 'invalid_request',
      detail,
      instance: '',
      request_id: requestId,
      retryable: false,
      errors: [],
    })
    const headers = {
      ...OF_DATA,
      'content-type': PROBLEM_MEDIA_TYPE,
      'content-length': Buffer.byteLength(body),
      'x-request-id': requestId,
      connection: 'close',
    }
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`)
    const head = [`HTTP/1.1 ${status} ${STATUS_CODES[status]}`, ...lines].join('\r\n')
    if (socket.writable) socket.end(`${head}\r\n\r\n${body}`)
    else socket.destroy()
  }
}
