import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runCli } from '#apps/cli/run-cli.ts'
import { fakeTerminal } from './fake-terminal.ts'
import { type HttpStub, startHttpStub } from './http-stub.ts'

const ID = 'whk_01k0g2qz5me93tnsy1xq2zc7ah'
const webhook = {
  id: ID,
  url: 'https://x.example/',
  topics: [],
  mode: 'parallel',
  status: 'enabled',
  disabled_reason: null,
  failing_since: null,
}

let stub: HttpStub
beforeAll(async () => {
  stub = await startHttpStub()
})
afterAll(() => stub.close())

async function ost(...args: string[]) {
  const terminal = fakeTerminal({ OST_API_URL: stub.url, OST_API_KEY: 'ost_test_key', OST_ECONOMY: 'eco_1' })
  const exitCode = await runCli(args, terminal)
  return { exitCode, ...terminal.written }
}

describe('ost webhook', () => {
  it('creates one, and shows its secret', async () => {
    stub.answer({ status: 201, body: { ...webhook, secret: 'whsec_abc' } })
    const { exitCode, out } = await ost('webhook', 'create', '--url', 'https://x.example/', '--ordered')
    expect(exitCode).toBe(0)
    expect(out).toContain('whsec_abc')
    expect(stub.requests.at(-1)).toMatchObject({
      path: '/v3/webhooks',
      body: { url: 'https://x.example/', mode: 'ordered' },
    })
  })

  it('enables one', async () => {
    stub.answer({ status: 200, body: webhook })
    expect((await ost('webhook', 'enable', ID)).out).toContain('is enabled')
    expect(stub.requests.at(-1)).toMatchObject({ method: 'PATCH', body: { status: 'enabled' } })
  })

  it('lists deliveries with why the last try failed', async () => {
    const delivery = {
      event_id: 'evt_1',
      type: 'user.created',
      subject_id: 'usr_1',
      status: 'pending',
      attempts: 3,
      next_attempt_at: null,
      error: 'The receiver answered 500.',
    }
    stub.answer({ status: 200, body: { data: [delivery] } })
    expect((await ost('webhook', 'deliveries', ID)).out).toContain('The receiver answered 500.')
  })
})

describe('ost replay-webhooks', () => {
  const replay = { id: 'rpl_1', webhook_id: ID, status: 'running', queued: 0 }

  it('asks for every enabled webhook, and waits until all is queued', async () => {
    stub.answer(
      {
        status: 200,
        body: { data: [webhook, { ...webhook, id: 'whk_off', status: 'disabled' }], next_cursor: null },
      },
      { status: 202, body: replay },
      { status: 200, body: { data: [replay] } },
      { status: 200, body: { data: [{ ...replay, status: 'done', queued: 7 }] } },
    )
    const before = stub.requests.length
    const { exitCode, out } = await ost('replay-webhooks', '--from', '24h')
    expect(exitCode).toBe(0)
    expect(out).toMatch(/rpl_1\s+7/)
    const asked = stub.requests.slice(before).filter(({ method }) => method === 'POST')
    expect(asked).toHaveLength(1)
    expect(asked[0]).toMatchObject({ path: `/v3/webhooks/${ID}/replays`, body: { scope: 'undelivered' } })
  })

  it('2: refuses a time that is none', async () => {
    expect((await ost('replay-webhooks', '--from', 'yesterday', '--webhook', ID)).exitCode).toBe(2)
  })
})
