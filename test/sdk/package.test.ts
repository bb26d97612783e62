import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { newSecret, signatureHeaders } from '#core/webhook/signature.ts'
import { ROOT } from '#scripts/stack/settings.ts'
import { installSdk } from './install-sdk.ts'

const run = promisify(execFile)
/** Packing builds, and compiling takes its time on a busy machine. */
const TIMEOUT_MS = 300_000
/** They hold types, and so no code. */
const TYPES_ONLY = ['dist/caller.js', 'dist/event-subject.js', 'dist/generated/types.js']
const TSC = join(ROOT, 'node_modules/.bin/tsc')

let folder: string
/** Paths inside the package, as npm would publish it. */
let files: string[]
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ost-sdk-'))
  files = await installSdk(folder)
}, TIMEOUT_MS)
afterAll(() => rm(folder, { recursive: true, force: true }))

describe('the package', () => {
  it('holds what is needed to use it, and nothing else', () => {
    const others = files.filter((file) => !/^dist\/[\w/-]+\.(js|d\.ts)$/.test(file))
    expect(others.toSorted()).toEqual(['LICENSE', 'README.md', 'package.json'])
    expect(files).toEqual(
      expect.arrayContaining(['dist/index.js', 'dist/index.d.ts', 'dist/generated/types.d.ts']),
    )
  })

  it('depends on nothing: every import that can be reached is a file of its own', async () => {
    const sdk = join(folder, 'node_modules/@ost-kit/sdk')
    const manifest = JSON.parse(await readFile(join(sdk, 'package.json'), 'utf8')) as object
    expect(Object.keys(manifest).filter((field) => /dependencies/i.test(field))).toEqual([])
    const reached = new Set<string>()
    const visit = async (file: string): Promise<void> => {
      if (reached.has(file)) return
      reached.add(file)
      const text = await readFile(file, 'utf8')
      for (const [, source = ''] of text.matchAll(/(?:from|import)\s*\(?['"]([^'"]+)['"]/g)) {
        expect(source, file).toMatch(/^\.\.?\//)
        await visit(join(dirname(file), source))
      }
    }
    await visit(join(sdk, 'dist/index.js'))
    expect([...reached].map((file) => relative(sdk, file)).toSorted()).toEqual(
      files.filter((file) => file.endsWith('.js') && !TYPES_ONLY.includes(file)).toSorted(),
    )
  })
})

describe('its types', () => {
  /** What the compiler says of each file, by line. */
  let said: { file: string; line: number; text: string }[]
  beforeAll(async () => {
    const compilerOptions = {
      strict: true,
      exactOptionalPropertyTypes: true,
      noUncheckedIndexedAccess: true,
      module: 'nodenext',
      target: 'es2022',
      lib: ['es2022'],
      types: ['node'],
      typeRoots: [join(ROOT, 'node_modules/@types')],
      noEmit: true,
    }
    const readme = await readFile(join(ROOT, 'packages/sdk/README.md'), 'utf8')
    const example = /```ts\n(.*?)```/s.exec(readme)?.[1] ?? ''
    await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.mts'] }))
    await writeFile(join(folder, 'readme.mts'), example)
    await writeFile(join(folder, 'right.mts'), RIGHT)
    await writeFile(join(folder, 'wrong.mts'), WRONG)
    const { stdout } = await run(TSC, ['-p', folder], { cwd: folder }).catch(
      (error: { stdout: string }) => error,
    )
    said = [...stdout.matchAll(/^(\S+?)\((\d+),\d+\): (.*)$/gm)].map(([, file = '', line, text = '']) => ({
      file,
      line: Number(line),
      text,
    }))
  }, TIMEOUT_MS)

  it('take what the API takes, and know what it answers', () => {
    expect(said.filter(({ file }) => file !== 'wrong.mts')).toEqual([])
  })

  it('refuse what the API would refuse', () => {
    const wrong = WRONG.split('\n').flatMap((line, index) => (line.includes('// wrong') ? [index + 1] : []))
    expect([...new Set(said.map(({ line }) => line))]).toEqual(wrong)
  })
})

describe('in a browser', () => {
  it(
    'asks for nothing but what browsers have',
    async () => {
      const secret = newSecret()
      const body = JSON.stringify({ id: 'evt_1', data: null })
      const webhook = {
        body,
        headers: signatureHeaders([secret], { id: 'evt_1', at: new Date(), body }),
        secret,
      }
      await writeFile(join(folder, 'page.mjs'), PAGE)
      const { stdout } = await run(process.execPath, ['page.mjs', JSON.stringify(webhook)], { cwd: folder })
      expect(JSON.parse(stdout)).toEqual({
        asked: ['POST /ost/v3/users', 'GET /ost/v3/token'],
        answers: [{ id: 'usr_1' }, { id: 'usr_1' }, { id: 'evt_1', data: null }],
        isNode: false,
      })
    },
    TIMEOUT_MS,
  )
})

/** A page's script: before the SDK is loaded, everything is taken away that a browser does not have. */
const PAGE = `
const print = process.stdout.write.bind(process.stdout)
const webhook = JSON.parse(process.argv[2])
// Node makes its own implementation ready at first use, with what is taken away below.
void new Headers()
for (const name of ['process', 'Buffer', 'global', 'require', 'module', 'setImmediate', 'clearImmediate'])
  delete globalThis[name]
const { Ost, verifyWebhook } = await import('@ost-kit/sdk')
const asked = []
globalThis.fetch = async (url, { method }) => {
  asked.push(method + ' ' + url)
  // Not a Response of Node's, which reads its body with what was taken away.
  return { ok: true, status: 200, headers: new Headers(), text: async () => '{"id":"usr_1"}' }
}
const answers = await Promise.all([
  new Ost({ baseUrl: '/ost' }).users.create({ name: 'Alice' }),
  new Ost({ baseUrl: '/ost', signingKey: { keyId: 'key_1', secret: 's' } }).token.get(),
  verifyWebhook(webhook),
])
asked.sort().reverse()
print(JSON.stringify({ asked, answers, isNode: 'process' in globalThis }))
`

const RIGHT = `
import { ApiError, InsufficientFunds, Ost, type Transaction, toUnits, verifyWebhook } from '@ost-kit/sdk'

export async function pay(ost: Ost, userId: string): Promise<Transaction | null> {
  try {
    const paid = await ost.transactions.execute(
      { type: 'reward', to_user_id: userId, amount: toUnits('1.5', 18), metadata: { order: 'A-1', vip: true } },
      { idempotencyKey: 'order-1', waitSeconds: 5, signal: AbortSignal.timeout(10_000) },
    )
    const hash: string | undefined = paid.chain?.tx_hash
    if (hash && paid.status === 'mined') return await ost.waitFor(paid.id, { status: 'confirmed' })
    return paid
  } catch (error) {
    if (error instanceof InsufficientFunds || (error instanceof ApiError && error.code === 'rule_violated')) return null
    throw error
  }
}

export async function names(ost: Ost): Promise<string[]> {
  const all: string[] = []
  for await (const user of ost.users.list({ status: 'active', limit: 100 })) all.push(user.name ?? user.id)
  const { data, next_cursor: cursor } = await ost.webhooks.listDeliveries('whk_1', { status: 'failed' })
  return [...all, ...data.map((delivery) => delivery.event_id), cursor ?? '']
}

export async function take(request: Request, secret: string): Promise<string | undefined> {
  const event = await verifyWebhook({ body: await request.text(), headers: request.headers, secret })
  return event.data?.object === 'transaction' ? event.data.failure?.code : undefined
}
`

const WRONG = `
import { Ost } from '@ost-kit/sdk'
const ost = new Ost({ baseUrl: 'http://localhost:3000' })
await ost.transactions.execute({ type: 'tip', amount: 1.5 }) // wrong: money is no number
await ost.transactions.execute({ to_user_id: 'usr_1' }) // wrong: no type
await ost.transactions.execute({ type: 'tip', to: 'usr_1' }) // wrong: no such field
await ost.users.list({ status: 'gone' }) // wrong: no such status
await ost.waitFor('txn_1', { status: 'queued' }) // wrong: nothing to wait for
await ost.users.get() // wrong: which one
const { supply } = await ost.token.get()
supply * 2n // wrong: answers hold decimal strings
export {}
`
