import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, it } from 'vitest'
import { createWebhookSender } from '#adapters/http/webhook-sender.ts'
import { newSecret, signatureHeaders } from '#core/webhook/signature.ts'
import { until } from './redis-server.ts'

/** The receiver of docs/webhooks.md, run as it stands there. */
const DOCS = readFileSync(new URL('../../docs/webhooks.md', import.meta.url), 'utf8')
const example = /```js\n(.*?)```/s.exec(DOCS)?.[1] ?? ''

const ended: (() => void)[] = []
afterEach(() => {
  for (const end of ended.splice(0)) end()
})

it('takes what we sign, once, and refuses what we did not', async () => {
  expect(example.trim().split('\n').length).toBeLessThanOrEqual(20)
  const port = await freePort()
  const secret = newSecret()
  const code = example.replace('listen(4000)', `listen(${port})`)
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], {
    env: { PATH: process.env['PATH'], OST_WEBHOOK_SECRET: secret },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const sender = createWebhookSender({ allowPrivateNetworks: true })
  ended.push(
    () => child.kill(),
    () => void sender.close(),
  )
  let output = ''
  child.stdout.on('data', (chunk) => (output += String(chunk)))

  const body = JSON.stringify({
    id: 'evt_1',
    type: 'transaction.confirmed',
    data: { id: 'txn_1', status: 'confirmed' },
  })
  const send = (signedBy: string) => {
    const headers = signatureHeaders([signedBy], { id: 'evt_1', at: new Date(), body })
    return sender.send({ url: `http://127.0.0.1:${port}/`, headers, body })
  }
  await until('it listens', async () => (await send(newSecret())).kind === 'answer')
  expect(await send(newSecret())).toMatchObject({ status: 400 })
  expect(await send(secret)).toMatchObject({ status: 204 })
  expect(await send(secret)).toMatchObject({ status: 204 })
  await until('it has said so', () => output !== '')
  expect(output).toBe('transaction.confirmed txn_1 confirmed\n')
})

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  // A listening TCP server has a port.
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => {
    server.close(resolve)
  })
  return port
}
