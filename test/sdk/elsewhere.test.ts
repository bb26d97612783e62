import { execFile } from 'node:child_process'
import { copyFile, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { chromium } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { newSecret, signatureHeaders } from '#core/webhook/signature.ts'
import { CHROMIUM_FLAGS, findChromium } from '#scripts/stack/chromium.ts'
import { ROOT } from '#scripts/stack/settings.ts'
import { installSdk } from './install-sdk.ts'
import { findNode20 } from './node-20.ts'
import { startSdkProxy } from './sdk-proxy.ts'
import { type Stage, startStage } from './stage.ts'

const run = promisify(execFile)
/** Milliseconds. The first run on a machine may have to fetch Node 20 or the browser. */
const FETCH_MS = 600_000

let stage: Stage
let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ost-elsewhere-'))
  await installSdk(folder)
  await copyFile(join(import.meta.dirname, 'journey.mjs'), join(folder, 'journey.mjs'))
  // Where the page asks for it.
  await symlink(join(folder, 'node_modules/@ost-kit/sdk'), join(folder, 'sdk'))
  stage = await startStage()
}, FETCH_MS)
afterAll(async () => {
  await stage?.platform.close()
  await rm(folder, { recursive: true, force: true })
})

function aWebhook() {
  const secret = newSecret()
  const body = JSON.stringify({ id: 'evt_1', type: 'user.created', data: null })
  return { body, headers: signatureHeaders([secret], { id: 'evt_1', at: new Date(), body }), secret }
}

const DONE = {
  status: 'confirmed',
  available: '1500000000000000000',
  refusal: { isOfItsClass: true, code: 'insufficient_funds' },
  events: expect.arrayContaining([
    'transaction.queued',
    'transaction.submitted',
    'transaction.mined',
    'transaction.confirmed',
  ]),
  verified: 'evt_1',
}

it('the package pays, waits and verifies in Node 20', { timeout: FETCH_MS }, async () => {
  const node = await findNode20(join(ROOT, '.local/node-20'))
  await writeFile(
    join(folder, 'partner.mjs'),
    `import { journey } from './journey.mjs'
const done = await journey(JSON.parse(process.env.INPUT))
console.log(JSON.stringify({ version: process.version, ...done }))`,
  )
  const connection = { baseUrl: stage.platform.api.url, apiKey: await stage.newKey() }
  const input = { connection, name: 'in-node-20', webhook: aWebhook() }
  const { stdout } = await run(node, ['partner.mjs'], {
    cwd: folder,
    env: { INPUT: JSON.stringify(input) },
    timeout: 120_000,
  })
  expect(JSON.parse(stdout)).toEqual({ version: expect.stringMatching(/^v20\./), ...DONE })
})

it('the package does so in a browser, through a backend that has the key', {
  timeout: FETCH_MS,
}, async () => {
  const apiKey = await stage.newKey()
  const proxy = await startSdkProxy({ apiUrl: stage.platform.api.url, apiKey, folder })
  const { command, env } = await findChromium(join(ROOT, '.local/chromium'))
  const browser = await chromium.launch({
    executablePath: command,
    args: CHROMIUM_FLAGS,
    env: { ...process.env, ...env } as Record<string, string>,
  })
  try {
    const page = await browser.newPage()
    const hosts = new Set<string>()
    page.on('request', (request) => hosts.add(new URL(request.url()).origin))
    await page.goto(proxy.url)
    const input = { connection: { baseUrl: '/ost' }, name: 'in-a-browser', webhook: aWebhook() }
    const done = await page.evaluate(
      `import('/journey.mjs').then(({ journey }) => journey(${JSON.stringify(input)}))`,
    )
    expect(done).toEqual(DONE)
    expect([...hosts]).toEqual([proxy.url])
    expect(proxy.asked).toEqual(expect.arrayContaining(['POST /ost/v3/users', 'POST /ost/v3/transactions']))
  } finally {
    await browser.close()
    await proxy.stop()
  }
})
