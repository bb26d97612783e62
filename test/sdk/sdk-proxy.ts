import { readFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'

/** A partner's own backend: its page, the SDK's files, and a way to the API that adds the key. */
export interface SdkProxy {
  url: string
  /** What was asked of the API, without the host. */
  asked: string[]
  stop(): Promise<void>
}

const PAGE = `<!doctype html><html lang="en"><title>Game</title>
<script type="importmap">{ "imports": { "@ost-kit/sdk": "/sdk/dist/index.js" } }</script>`
const COOKIE = 'session=ada'

/** Serves `folder`'s files and /ost of `apiUrl`, to whoever has the page's session cookie. */
export async function startSdkProxy(options: {
  apiUrl: string
  apiKey: string
  folder: string
}): Promise<SdkProxy> {
  const asked: string[] = []
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const url = request.url ?? '/'
    if (!url.startsWith('/ost/')) {
      const file = url === '/' ? null : await readFile(join(options.folder, url)).catch(() => '')
      response.setHeader('content-type', file === null ? 'text/html' : 'text/javascript')
      response.setHeader('set-cookie', `${COOKIE}; HttpOnly; SameSite=Strict`)
      response.end(file ?? PAGE)
      return
    }
    if (request.headers.cookie !== COOKIE || request.headers.authorization !== undefined) {
      response.writeHead(401).end()
      return
    }
    asked.push(`${request.method} ${url}`)
    const body = Buffer.concat(await request.toArray())
    const { host: _, cookie: __, connection: ___, 'content-length': ____, ...rest } = request.headers
    const said = await fetch(options.apiUrl + url.slice('/ost'.length), {
      method: request.method ?? 'GET',
      headers: { ...(rest as Record<string, string>), authorization: `Bearer ${options.apiKey}` },
      ...(body.length > 0 && { body }),
    })
    const {
      'content-encoding': _____,
      'content-length': ______,
      ...headers
    } = Object.fromEntries(said.headers)
    response.writeHead(said.status, headers).end(Buffer.from(await said.arrayBuffer()))
  }
  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy())
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  // A server that listens on a port has an address with one.
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    asked,
    async stop() {
      server.closeAllConnections()
      await new Promise((resolve) => {
        server.close(resolve)
      })
    },
  }
}
