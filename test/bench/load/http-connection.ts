import { connect, type Socket } from 'node:net'

export interface HttpAnswer {
  status: number
  body: Buffer
}

const HEAD_END = '\r\n\r\n'
const STATUS_START = 9
const STATUS_END = 12
const LENGTH = /^content-length: (\d+)/im

/**
 * One keep-alive connection with one request under way at a time, on a bare socket: requests are bytes made ahead, and of an
 * answer only status and length are read. So the client costs a fraction of the server it measures, also on two cores.
 */
export class HttpConnection {
  readonly #socket: Socket
  #waiting: ((answer: HttpAnswer) => void) | undefined
  #fail: ((error: Error) => void) | undefined
  #received: Buffer = Buffer.alloc(0)

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.on('data', (chunk: Buffer) => this.#read(chunk))
    socket.on('error', (error) => this.#end(error))
    socket.on('close', () => this.#end(new Error('the server closed the connection')))
  }

  static async open(url: string): Promise<HttpConnection> {
    const { hostname, port } = new URL(url)
    return new Promise((resolve, reject) => {
      const socket = connect({ host: hostname, port: Number(port), noDelay: true })
      socket.once('error', reject)
      socket.once('connect', () => {
        socket.off('error', reject)
        resolve(new HttpConnection(socket))
      })
    })
  }

  /** Sends a request; told its answer without a promise in between. */
  send(request: Buffer, onAnswer: (answer: HttpAnswer) => void, onError: (error: Error) => void): void {
    this.#waiting = onAnswer
    this.#fail = onError
    this.#socket.write(request)
  }

  close(): void {
    this.#waiting = undefined
    this.#fail = undefined
    this.#socket.destroy()
  }

  #read(chunk: Buffer): void {
    const bytes = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk])
    const headEnd = bytes.indexOf(HEAD_END)
    const head = headEnd === -1 ? '' : bytes.toString('latin1', 0, headEnd)
    const length = headEnd === -1 ? Number.POSITIVE_INFINITY : lengthIn(head)
    if (length === undefined) return this.#end(new Error(`an answer without its length: ${head}`))
    const total = headEnd + HEAD_END.length + length
    if (bytes.length < total) {
      this.#received = bytes
      return
    }
    this.#received = bytes.subarray(total)
    const answered = this.#waiting
    this.#waiting = undefined
    answered?.({
      status: Number(head.slice(STATUS_START, STATUS_END)),
      body: bytes.subarray(headEnd + HEAD_END.length, total),
    })
  }

  #end(error: Error): void {
    const fail = this.#fail
    this.#waiting = undefined
    this.#fail = undefined
    fail?.(error)
  }
}

function lengthIn(head: string): number | undefined {
  const digits = LENGTH.exec(head)?.[1]
  return digits === undefined ? undefined : Number(digits)
}

/** The bytes of a request. */
export function httpRequest(options: {
  method: 'GET' | 'POST'
  path: string
  headers?: Readonly<Record<string, string>>
  body?: string
}): Buffer {
  const { method, path, headers = {}, body } = options
  const lines = [`${method} ${path} HTTP/1.1`, 'host: 127.0.0.1']
  for (const [name, value] of Object.entries(headers)) lines.push(`${name}: ${value}`)
  if (body !== undefined) {
    lines.push('content-type: application/json', `content-length: ${Buffer.byteLength(body)}`)
  }
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n${body ?? ''}`)
}
