import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { runCli } from '#apps/cli/run-cli.ts'
import { fakeTerminal } from './fake-terminal.ts'
import { type HttpStub, problem, startHttpStub } from './http-stub.ts'

let stub: HttpStub
let dataDir: string
beforeAll(async () => {
  stub = await startHttpStub()
})
afterAll(() => stub.close())
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'ost-cli-'))
  return () => rm(dataDir, { recursive: true, force: true })
})

async function ost(args: string[], env: Record<string, string> = {}) {
  const terminal = fakeTerminal({ LOCAL_DATA_DIR: dataDir, ...env })
  const exitCode = await runCli(args, terminal)
  return { exitCode, ...terminal.written }
}

async function leaveDemo(demo: object, secrets: object = {}): Promise<void> {
  await writeFile(join(dataDir, 'demo.json'), JSON.stringify(demo))
  await writeFile(join(dataDir, 'secrets.json'), JSON.stringify(secrets))
}

describe('the command line', () => {
  it.each([[['--help']], [['economy', '--help']], [['tx', 'send', '--help']]])(
    'explains itself with examples: %s',
    async (args) => {
      const { exitCode, out } = await ost(args)
      expect(exitCode).toBe(0)
      expect(out).toContain('Usage: ost')
      expect(out).toContain('$ npm run ost -- ')
    },
  )

  it.each([
    ['an unknown command', ['teleport'], 'unknown command'],
    ['an unknown option', ['balances', '--colour'], 'unknown option'],
    ['a missing option', ['economy', 'create', '--name', 'Acme'], '--symbol'],
    ['a missing argument', ['tx', 'show'], "missing required argument 'id'"],
    ['a choice that is none', ['type', 'create', '--name', 'a', '--kind', 'gift'], 'Allowed choices'],
  ])('2: %s', async (_name, args, words) => {
    const { exitCode, err } = await ost(args)
    expect(exitCode).toBe(2)
    expect(err).toContain(words)
  })

  it('2: proposes the command that was probably meant', async () => {
    expect((await ost(['tx', 'sned'])).err).toContain('Did you mean send?')
  })

  it('2: says what to do when it is not known where the API is', async () => {
    const { exitCode, err } = await ost(['balances'])
    expect(exitCode).toBe(2)
    expect(err).toContain('npm start')
    expect(err).toContain('OST_API_URL')
  })

  it('2: says what to do without a key', async () => {
    const { exitCode, err } = await ost(['balances'], { OST_API_URL: stub.url })
    expect(exitCode).toBe(2)
    expect(err).toContain('--api-key')
  })

  it('2: names a wrong amount before anything is sent', async () => {
    stub.answer({ status: 200, body: { decimals: 2, symbol: 'ACME' } })
    const args = ['economy', 'grant', 'eco_1', '--amount', '1.234']
    const { exitCode, err } = await ost(args, { OST_API_URL: stub.url, OST_API_KEY: 'k' })
    expect(exitCode).toBe(2)
    expect(err).toContain('only 2 decimal places')
    expect(stub.requests.map(({ method }) => method)).toEqual(['GET'])
  })

  it('3: says that nothing answers, and how to start it', async () => {
    const { exitCode, err } = await ost(['tenant', 'show'], {
      OST_API_URL: 'http://127.0.0.1:1',
      OST_API_KEY: 'k',
    })
    expect(exitCode).toBe(3)
    expect(err).toContain('No answer from http://127.0.0.1:1')
  })

  it('1: shows a refusal in words, with the fields that are wrong and the request to ask about', async () => {
    stub.answer(
      problem(400, 'invalid_request', {
        errors: [{ pointer: '/symbol', detail: 'must be capital letters' }],
      }),
    )
    const args = ['economy', 'create', '--name', 'Acme', '--symbol', 'acme']
    const { exitCode, err, out } = await ost(args, { OST_API_URL: stub.url, OST_API_KEY: 'k' })
    expect(exitCode).toBe(1)
    expect(err).toBe(
      'It is invalid_request.\n  /symbol must be capital letters\n(invalid_request, HTTP 400, request req_1)\n',
    )
    expect(out).toBe('')
  })
})

describe('who the command line speaks as', () => {
  const page = { status: 200, body: { data: [], next_cursor: null } } as const
  const demo = () => ({
    api_url: stub.url,
    api_key: 'ost_test_demo',
    tenant_key: 'ost_test_tenant',
    economy_id: 'eco_demo',
  })

  it('uses what npm start left, each key for its own plane', async () => {
    await leaveDemo(demo(), { operatorKey: 'operator' })
    stub.answer(page)
    await ost(['member', 'list'])
    expect(stub.requests[0]?.headers.authorization).toBe('Bearer ost_test_tenant')
    stub.answer(page)
    await ost(['user', 'list'])
    expect(stub.requests[0]?.headers.authorization).toBe('Bearer ost_test_demo')
    stub.answer(page)
    await ost(['user', 'list', '--economy', 'eco_other'])
    expect(stub.requests[0]?.headers).toMatchObject({
      authorization: 'Bearer ost_test_tenant',
      'ost-economy': 'eco_other',
    })
    const created = { id: 'ten_1', owner: { id: 'mem_1' }, api_key: { secret: 'ost_test_new' } }
    stub.answer({ status: 201, body: created })
    const { out } = await ost([
      'tenant',
      'create',
      '--name',
      'A',
      '--owner-email',
      'a@b.c',
      '--owner-name',
      'A',
    ])
    expect(stub.requests[0]?.headers.authorization).toBe('Bearer operator')
    expect(out).toContain('ost_test_new')
  })

  it('never sends the keys of this machine anywhere else', async () => {
    await leaveDemo({ ...demo(), api_url: 'http://127.0.0.1:9' }, { operatorKey: 'operator' })
    stub.answer(page)
    const { exitCode } = await ost(['user', 'list', '--api-url', stub.url])
    expect(exitCode).toBe(2)
    expect(stub.requests).toEqual([])
    stub.answer(problem(403, 'sign_up_closed'))
    await ost([
      'tenant',
      'create',
      '--name',
      'A',
      '--owner-email',
      'a@b.c',
      '--owner-name',
      'A',
      '--api-url',
      stub.url,
    ])
    expect(stub.requests[0]?.headers.authorization).toBeUndefined()
  })

  it('prefers an option to the environment, and the environment to what is on this machine', async () => {
    await leaveDemo(demo())
    stub.answer(page)
    await ost(['member', 'list'], { OST_API_KEY: 'from-environment' })
    expect(stub.requests[0]?.headers.authorization).toBe('Bearer from-environment')
    stub.answer(page)
    await ost(['member', 'list', '--api-key', 'from-option'], { OST_API_KEY: 'from-environment' })
    expect(stub.requests[0]?.headers.authorization).toBe('Bearer from-option')
  })

  it('prints JSON and nothing else where that was asked for', async () => {
    const member = { id: 'mem_1', name: 'Ada', email: 'ada@example.com', role: 'owner' }
    await leaveDemo(demo())
    stub.answer({ status: 200, body: { data: [member], next_cursor: null } })
    const { out, err } = await ost(['member', 'list', '--json'])
    expect(JSON.parse(out)).toEqual([member])
    expect(err).toBe('')
  })
})
