import { execFile } from 'node:child_process'
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createSign, newSecret } from '#core/webhook/signature.ts'
import { ROOT } from '#scripts/stack/settings.ts'
import type { Economy, Ost } from '#sdk'
import { until } from '#test/worker/redis-server.ts'
import { type Stage, startStage } from './stage.ts'

const run = promisify(execFile)
const TIMEOUT_MS = 240_000

let folder: string
let stage: Stage
let url: string
let shop: Economy
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ost-pages-'))
  const sdk = join(folder, 'node_modules/@ostdotcom/ost-sdk-js')
  await mkdir(sdk, { recursive: true })
  await copyFile(join(import.meta.dirname, 'ost-sdk.cjs'), join(sdk, 'index.js'))
  stage = await startStage()
  url = stage.platform.api.url
  shop = await stage.tenant.economies.create({ name: 'Shop of 2018', symbol: 'SHOP' })
  const isActive = async () => (await stage.tenant.economies.get(shop.id)).status === 'active'
  await until('the shop is active', isActive, 90_000)
}, 400_000)
afterAll(async () => {
  await stage.platform.close()
  await rm(folder, { recursive: true, force: true })
})

/** The page's blocks of code in a language, speaking to the platform under test. */
async function blocksOf(page: string, language: string): Promise<string[]> {
  const text = await readFile(join(ROOT, `docs/${page}.md`), 'utf8')
  const blocks = [...text.matchAll(new RegExp(`\`\`\`${language}\\n(.*?)\`\`\``, 'gs'))]
  return blocks.map(([, code = '']) => code.replaceAll('http://localhost:3000', url))
}

/** Runs code as an integration has it around: with the SDK, its key, and what earlier blocks made. */
async function runCode(code: string, before: string, after = ''): Promise<string> {
  const whole = `(async () => {\n${before}\n${code}\n${after}\n})().catch((error) => { console.error(error); process.exit(1) })`
  await writeFile(join(folder, 'page.cjs'), whole)
  return (await run(process.execPath, ['page.cjs'], { cwd: folder })).stdout
}

async function aKey(ost: Ost, economyId: string, algorithm: 'ost-v1' | 'ost-v2'): Promise<string> {
  const key = await ost.apiKeys.create({
    name: 'OST SDK',
    economy_id: economyId,
    signing: { algorithm, required: false },
    scopes: [
      'users:read',
      'users:write',
      'transactions:read',
      'transactions:write',
      'token:read',
      'types:read',
    ],
  })
  return `const apiKey = '${key.signing?.public_key}', apiSecret = '${key.signing_secret}'`
}

describe('docs/ost-v1.md', () => {
  let key: string
  beforeAll(async () => {
    key = await aKey(stage.tenant, shop.id, 'ost-v1')
  })

  it('pays a new user by the SDK', { timeout: TIMEOUT_MS }, async () => {
    const [code = ''] = await blocksOf('ost-v1', 'js')
    const user = JSON.parse(await runCode(code, key, 'console.log(JSON.stringify(data.user))'))
    expect(user).toMatchObject({ name: 'Alice' })
    const balance = await stage.platform.sql<{ held: string }>(
      `SELECT sum(amount)::text AS held FROM transfer WHERE to_account_id = $1`,
      [user.id],
    )
    expect(balance).toEqual([{ held: '5000000000000000000' }])
  })

  it('signs a request without an SDK', { timeout: TIMEOUT_MS }, async () => {
    const [, code = ''] = await blocksOf('ost-v1', 'js')
    const body = JSON.parse(
      await runCode(
        code.replace(/^import (.*) from (.*)$/m, 'const $1 = require($2)'),
        key,
        'console.log(await answer.text())',
      ),
    )
    expect(body).toMatchObject({ success: true, data: { token: { symbol: 'SHOP' } } })
  })
})

describe('docs/ost-v2.md', () => {
  it('makes a key, pays two users, and creates a webhook by the SDK', { timeout: TIMEOUT_MS }, async () => {
    const [makeKey = ''] = await blocksOf('ost-v2', 'sh')
    const { stdout } = await run('bash', ['-c', makeKey.replace('eco_…', stage.economy.id)], {
      env: { ...process.env, URL: url, TENANT_KEY: stage.created.api_key.secret },
    })
    const made = JSON.parse(stdout)
    await stage.ost.users.create({ name: 'Ann' })
    await stage.ost.users.create({ name: 'Ben' })
    const before = `const OSTSDK = require('@ostdotcom/ost-sdk-js')
      const apiKey = '${made.signing.public_key}', apiSecret = '${made.signing_secret}'`
    const [pay = '', hook = ''] = await blocksOf('ost-v2', 'js')
    const after = 'console.log(JSON.stringify({ users, webhook }))'
    const told = JSON.parse(await runCode(`${pay}\n${hook}`, before, after))
    expect(told.webhook).toMatchObject({ status: 'active', url: 'https://example.com/ost' })
    const paid = await stage.platform.sql<{ amount: string }>(
      `SELECT x.amount::text AS amount FROM transfer x JOIN unnest($1::uuid[]) WITH ORDINALITY AS u(id, place) ON x.to_account_id = u.id ORDER BY u.place`,
      [told.users.map(({ id }: { id: string }) => id)],
    )
    expect(paid.map(({ amount }) => amount)).toEqual(['1000000000000000000', '2000000000000000000'])
  })

  it('tells our webhooks from others', { timeout: TIMEOUT_MS }, async () => {
    const [, , code = ''] = await blocksOf('ost-v2', 'js')
    const secret = newSecret('ost-v2')
    const body = JSON.stringify({ id: '1', topic: 'transactions/success', note: 'ünïcode' })
    const headers = createSign('ost-v2', [newSecret('ost-v2'), secret])({
      id: 'unused',
      at: new Date(),
      body,
    })
    await writeFile(join(folder, 'verify.mjs'), code)
    const ask = (by: string) =>
      runCode(
        `const { isFromOst } = await import('./verify.mjs')`,
        '',
        `console.log(isFromOst(${JSON.stringify(body)}, ${JSON.stringify(headers)}, '${by}'))`,
      )
    expect([await ask(secret), await ask(newSecret('ost-v2'))]).toEqual(['true\n', 'false\n'])
  })
})
