import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Webhook } from 'standardwebhooks'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { runCli } from '#apps/cli/run-cli.ts'
import { useEconomyApi } from '#test/support/economy-api.ts'
import { untilEventsAreReadable } from '#test/support/readable-events.ts'
import { answering, type Sink, startSink, taken } from '#test/support/webhook-sink.ts'
import { until } from '#test/worker/redis-server.ts'
import { type FakeTerminal, fakeTerminal } from './fake-terminal.ts'

const ctx = useEconomyApi()
let folder: string
let sink: Sink
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ost-listen-'))
  sink = await startSink()
  if (!ctx.api.app.server.listening) await ctx.api.app.listen({ port: 0, host: '127.0.0.1' })
  // What the last test did is not to look like something that happens in this one.
  await untilEventsAreReadable(ctx.api.sql)
})
afterEach(async () => {
  await sink.stop()
  await rm(folder, { recursive: true, force: true })
})

function apiUrl(): string {
  const address = ctx.api.app.server.address()
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
}

/** The command as it runs until it is stopped. */
function startListening(...args: string[]) {
  const terminal: FakeTerminal = fakeTerminal({
    OST_API_URL: apiUrl(),
    OST_API_KEY: ctx.key,
    LOCAL_DATA_DIR: folder,
  })
  const ended = runCli(['listen', '--forward-to', sink.url, ...args], terminal)
  return {
    terminal,
    async stop() {
      terminal.stop()
      expect(await ended).toBe(0)
      return terminal.written
    },
  }
}

const isReady = ({ terminal }: ReturnType<typeof startListening>) =>
  until('it listens', () => terminal.written.err.includes('Ctrl-C'))
const createUser = (name: string) => ctx.create('/v3/users', { name, external_id: `${name}-${folder}` })
const arrived = (count: number) => until(`${count} arrived`, () => sink.received.length >= count, 15_000)
const secretIn = (text: string) => /whsec_\S+/.exec(text)?.[0] ?? ''

describe('ost listen', () => {
  it('forwards what happens from now on, in order, signed by the secret that it prints', async () => {
    await createUser('before')
    await untilEventsAreReadable(ctx.api.sql)
    const listening = startListening()
    await isReady(listening)
    const [alice, bob] = [await createUser('alice'), await createUser('bob')]
    await arrived(2)
    const { out, err } = await listening.stop()
    const bodies = sink.received.map(({ body, headers }) =>
      new Webhook(secretIn(err)).verify(body, headers as Record<string, string>),
    )
    expect(bodies).toMatchObject([
      { object: 'event', type: 'user.created', data: { id: alice.id, name: 'alice' } },
      { object: 'event', type: 'user.created', data: { id: bob.id } },
    ])
    expect(sink.received.map(({ id }) => id)).toEqual(bodies.map((event) => (event as { id: string }).id))
    expect(out).toMatch(new RegExp(`user.created +${alice.id} +→ 204 in \\d+ ms`))
    expect(err).toContain('Ended: 2 taken.')
  })

  it('goes on where it ended, with the same secret, and keeps it from others’ eyes', async () => {
    const file = join(folder, 'place.json')
    const first = startListening('--cursor-file', file, '--topics', 'user.created', 'user.archived')
    await isReady(first)
    const carol = await createUser('carol')
    await arrived(1)
    const before = await first.stop()
    const dave = await createUser('dave')
    await ctx.call('PATCH', `/v3/users/${dave.id}`, { body: { name: 'David' } })
    await ctx.call('POST', `/v3/users/${carol.id}/archive`, { body: {} })
    const second = startListening('--cursor-file', file, '--topics', 'user.created', 'user.archived')
    await arrived(3)
    const after = await second.stop()
    expect(sink.received.map(({ body }) => [JSON.parse(body).type, JSON.parse(body).data.id])).toEqual([
      ['user.created', carol.id],
      ['user.created', dave.id],
      ['user.archived', carol.id],
    ])
    expect(secretIn(after.err)).toBe(secretIn(before.err))
    expect((await stat(file)).mode & 0o777).toBe(0o600)
  })

  it('sends an event again until it is taken, keeps those behind it waiting, and says so', async () => {
    const listening = startListening()
    await isReady(listening)
    sink.behave(answering(500))
    await createUser('erin')
    await createUser('frank')
    await arrived(1)
    sink.behave(taken)
    await arrived(3)
    const [first, again, next] = sink.ids()
    expect(again).toBe(first)
    expect(next).not.toBe(first)
    const { out } = await listening.stop()
    expect(out).toContain('→ 500')
    expect(out).toContain('again in 1 s')
  })

  it('ends at once while a receiver is down, and forwards the event the next time', async () => {
    const file = join(folder, 'place.json')
    const first = startListening('--cursor-file', file)
    await isReady(first)
    await sink.stop()
    await createUser('grace')
    await until('it says so', () => first.terminal.written.out.includes('ECONNREFUSED'))
    expect((await first.stop()).err).toContain('Ended: 0 taken.')
    await sink.start()
    const second = startListening('--cursor-file', file)
    await arrived(1)
    await second.stop()
    expect(JSON.parse(sink.received[0]?.body ?? '')).toMatchObject({ data: { name: 'grace' } })
  })

  it('starts with everything that is kept, where that is asked for', async () => {
    const listening = startListening('--from', 'start')
    await arrived(3)
    await listening.stop()
    expect(JSON.parse(sink.received[0]?.body ?? '')).toMatchObject({ type: 'economy.created' })
  })

  it('2: refuses a URL that is none, and a cursor file that is something else', async () => {
    const env = { OST_API_URL: apiUrl(), OST_API_KEY: ctx.key }
    const at = async (...args: string[]) => runCli(['listen', ...args], fakeTerminal(env))
    expect(await at('--forward-to', 'localhost:4000')).toBe(2)
    const own = join(import.meta.dirname, 'listen.test.ts')
    expect(await at('--forward-to', sink.url, '--cursor-file', own)).toBe(2)
    expect(await readFile(own, 'utf8')).toContain('ost listen')
  })
})
