/** A receiver of webhooks that takes everything and counts: in a process of its own, as a partner's backend is. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

let count = 0
let firstAt = 0
let lastAt = 0

const server = createServer((request, response) => {
  request.resume()
  request.on('end', () => {
    lastAt = performance.now()
    if (count === 0) firstAt = lastAt
    count += 1
    response.writeHead(204).end()
  })
})

server.listen(0, '127.0.0.1', () => {
  // It listens on TCP, so its address is one.
  const { port } = server.address() as AddressInfo
  process.send?.(`http://127.0.0.1:${port}/`)
})
process.on('message', () => {
  process.send?.({ count, seconds: (lastAt - firstAt) / 1_000 })
})
process.on('disconnect', () => process.exit(0))
