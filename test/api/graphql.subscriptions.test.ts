import { setTimeout as sleep } from 'node:timers/promises'
import { type Client, createClient, type SubscribePayload } from 'graphql-ws'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { Redis } from 'ioredis'
import { Registry } from 'prom-client'
import { WebSocket } from 'ws'
import { SOCKETS_PER_CALLER_MAX } from '#apps/api/graphql/serve-sockets.ts'
import { buildApp } from '#apps/api/app.ts'
import { startRedisServer } from '#test/worker/redis-server.ts'
import { aPerson, signIn } from '#test/support/sign-in.ts'
import { startTransactionsApi, type TransactionsApi } from '#test/support/transactions.ts'
import { untilEventsAreReadable } from '#test/support/readable-events.ts'

let api: TransactionsApi
let url: string
beforeAll(async () => {
  api = await startTransactionsApi()
  url = await listen(api.app)
})
afterAll(() => api.close())

const clients: Client[] = []

afterEach(async () => {
  for (const client of clients.splice(0)) await client.dispose()
})

async function listen(app: TransactionsApi['app']): Promise<string> {
  const address = await app.listen({ host: '127.0.0.1', port: 0 })
  return `${address.replace('http', 'ws')}/graphql`
}

/** What a subscription was told so far, and how it ended. */
interface Heard {
  // Tests assert on what they expect to be there.
  // oxlint-disable-next-line typescript/no-explicit-any
  values: any[]
  // oxlint-disable-next-line typescript/no-explicit-any
  end: Promise<any>
  stop(): void
  client: Client
  sockets: WebSocket[]
  until(count: number): Promise<void>
}

function subscribe(
  payload: SubscribePayload,
  params: Record<string, unknown> = { authorization: `Bearer ${api.tenant.key}`, economy: api.economyId },
  to = url,
): Heard {
  const sockets: WebSocket[] = []
  class Kept extends WebSocket {
    constructor(...args: ConstructorParameters<typeof WebSocket>) {
      super(...args)
      sockets.push(this)
    }
  }
  const client = createClient({
    url: to,
    webSocketImpl: Kept,
    connectionParams: params,
    retryAttempts: 0,
    lazy: true,
  })
  clients.push(client)
  const values: Heard['values'] = []
  const { promise: end, resolve } = Promise.withResolvers<unknown>()
  const stop = client.subscribe(payload, {
    next: (value) => void values.push(value),
    error: resolve,
    complete: () => resolve('complete'),
  })
  return {
    values,
    end,
    stop,
    client,
    sockets,
    async until(count) {
      await expect.poll(() => values.length, { timeout: 15_000 }).toBeGreaterThanOrEqual(count)
    },
  }
}

/** Why an operation did not begin: before it ran, or as its only answer. */
async function refusal(...args: Parameters<typeof subscribe>) {
  const heard = subscribe(...args)
  const end = await heard.end
  return Array.isArray(end) ? end[0] : heard.values[0].errors[0]
}

const EVENTS = `subscription ($after: String, $types: [EventType!]) {
  economyEvents(after: $after, types: $types) { cursor node { id type data } } }`
const ids = (heard: Heard) => heard.values.map(({ data }) => data.economyEvents.node.id)

let users = 0
const createUser = async (of = api.economyId, key = api.tenant.key) => {
  const { body } = await api.request('POST', '/v3/users', {
    key,
    economy: of,
    body: { name: `S${(users += 1)}` },
  })
  return body.id as string
}
/** The log as `GET /v3/events` has it. */
async function log(): Promise<string[]> {
  const all: string[] = []
  let cursor: string | null = ''
  for (;;) {
    const { body } = await api.request('GET', `/v3/events?limit=100${cursor ? `&cursor=${cursor}` : ''}`, {
      economy: api.economyId,
    })
    all.push(...body.data.map(({ id }: { id: string }) => id))
    if (!body.has_more) return all
    cursor = body.next_cursor
  }
}

describe('economyEvents', () => {
  it('tells of what happens from now on, as it happens', async () => {
    const heard = subscribe({ query: EVENTS })
    await expect.poll(() => heard.sockets.length).toBe(1)
    await sleep(500)
    const user = await createUser()
    await heard.until(1)
    expect(heard.values[0].data.economyEvents.node).toMatchObject({
      type: 'user.created',
      data: { id: user, object: 'user' },
    })
  })

  it('goes on from an event id, a cursor, or REST’s cursor, without a gap and without telling twice', async () => {
    const before = (await log()).length
    await Promise.all(Array.from({ length: 5 }, () => createUser()))
    await untilEventsAreReadable(api.sql)
    const all = await log()
    expect(all.length).toBeGreaterThanOrEqual(before + 5)
    const first = subscribe({ query: EVENTS, variables: { after: all[0] } })
    await first.until(all.length - 1)
    expect(ids(first)).toEqual(all.slice(1))
    const { cursor } = first.values[1].data.economyEvents
    const second = subscribe({ query: EVENTS, variables: { after: cursor } })
    await second.until(all.length - 3)
    expect(ids(second)).toEqual(all.slice(3))
    const rest = await api.request('GET', '/v3/events?limit=2', { economy: api.economyId })
    const third = subscribe({ query: EVENTS, variables: { after: rest.body.next_cursor } })
    await third.until(all.length - 2)
    expect(ids(third)).toEqual(all.slice(2))
  })

  it('misses nothing when the connection is killed over and over while things happen', async () => {
    const before = await log()
    let after = before.at(-1)
    const told: string[] = []
    const making = (async () => {
      for (let index = 0; index < 30; index += 1) {
        await createUser()
        await sleep(40)
      }
    })()
    for (let round = 0; round < 6; round += 1) {
      const heard = subscribe({ query: EVENTS, variables: { after } })
      await sleep(500)
      for (const socket of heard.sockets) socket.terminate()
      await heard.end
      told.push(...ids(heard))
      after = heard.values.at(-1)?.data.economyEvents.cursor ?? after
    }
    await making
    const last = subscribe({ query: EVENTS, variables: { after } })
    await expect.poll(() => told.length + last.values.length, { timeout: 15_000 }).toBe(30)
    expect([...told, ...ids(last)]).toEqual((await log()).slice(before.length))
  })

  it('goes on through a Redis that loses everything, and resumes without a gap after it', async () => {
    const server = await startRedisServer()
    const redis = new Redis(server.url)
    const other = await buildApp({ ...api.deps, redis, metrics: new Registry() })
    try {
      const address = await listen(other)
      const heard = subscribe({ query: EVENTS }, undefined, address)
      await sleep(800)
      await createUser()
      await heard.until(1)
      await server.flushAll()
      await createUser()
      await heard.until(2)
      for (const socket of heard.sockets) socket.terminate()
      await heard.end
      await createUser()
      await server.flushAll()
      await createUser()
      const after = heard.values[0].data.economyEvents.cursor
      const again = subscribe({ query: EVENTS, variables: { after } }, undefined, address)
      await again.until(3)
      const all = await log()
      const told = all.slice(all.indexOf(ids(heard)[0]))
      expect([ids(heard), ids(again)]).toEqual([told.slice(0, 2), told.slice(1)])
      await again.client.dispose()
    } finally {
      await other.close()
      redis.disconnect()
      await server.stop()
    }
  })

  it('is told by every process, whichever one it happened in', async () => {
    const other = await buildApp({ ...api.deps, metrics: new Registry() })
    try {
      const heard = subscribe({ query: EVENTS }, undefined, await listen(other))
      await sleep(800)
      const user = await createUser()
      await heard.until(1)
      expect(heard.values[0].data.economyEvents.node.data.id).toBe(user)
      await heard.client.dispose()
    } finally {
      await other.close()
    }
  })

  it('tells only of the types that were asked for', async () => {
    const heard = subscribe({ query: EVENTS, variables: { types: ['user_archived'] } })
    await sleep(500)
    const user = await createUser()
    await api.request('POST', `/v3/users/${user}/archive`, { economy: api.economyId })
    await heard.until(1)
    expect(heard.values.map(({ data }) => data.economyEvents.node.type)).toEqual(['user.archived'])
  })

  it('refuses an event that is not in the log, another economy’s included', async () => {
    const other = await api.createTenant()
    const theirs = await api.createEconomy({ key: other.key })
    await createUser(theirs.id, other.key)
    await untilEventsAreReadable(api.sql)
    const { body } = await api.request('GET', '/v3/events', { key: other.key, economy: theirs.id })
    for (const after of [body.data[0].id, 'evt_01k0g2qz5me93tnsy1xq2zc7ah']) {
      const error = await refusal({ query: EVENTS, variables: { after } })
      expect(error.extensions.code).toBe('event_not_found')
    }
    const foreign = await refusal({ query: EVENTS, variables: { after: body.next_cursor } })
    expect(foreign.extensions.code).toBe('invalid_cursor')
  })
})

describe('transactionUpdated', () => {
  it('tells of one transaction, of one user’s, and of nobody else’s', async () => {
    const query = `subscription ($id: ID, $userId: ID, $after: String) {
      transactionUpdated(id: $id, userId: $userId, after: $after) { eventId type cursor transaction { id status amount fromUser { id } } } }`
    const start = (await log()).at(-1)
    const tip = { type: 'tip', from_user_id: api.alice, to_user_id: api.bob, amount: '3' }
    const { body: first } = await api.execute(tip)
    const { body: second } = await api.execute({ type: 'reward', to_user_id: api.alice, amount: '4' })
    const one = subscribe({ query, variables: { id: first.id, after: start } })
    const bobs = subscribe({ query, variables: { userId: api.bob, after: start } })
    const all = subscribe({ query, variables: { after: start } })
    await all.until(2)
    await one.until(1)
    await bobs.until(1)
    const seen = (heard: Heard) => heard.values.map(({ data }) => data.transactionUpdated.transaction.id)
    expect([seen(one), seen(bobs), seen(all)]).toEqual([[first.id], [first.id], [first.id, second.id]])
    expect(all.values[0].data.transactionUpdated).toMatchObject({
      type: 'transaction.queued',
      transaction: { status: 'queued', amount: '3', fromUser: { id: api.alice } },
    })
  })
})

describe('balanceChanged', () => {
  it('tells how balances are, and again when they are others', async () => {
    const query = `subscription ($ids: [ID!]!) { balanceChanged(userIds: $ids) { userId available held pendingIn } }`
    const heard = subscribe({ query, variables: { ids: [api.alice, api.bob] } })
    await heard.until(2)
    const before = heard.values.map(({ data }) => data.balanceChanged)
    await api.execute({ type: 'tip', from_user_id: api.alice, to_user_id: api.bob, amount: '100' })
    await heard.until(4)
    const after = heard.values.slice(2).map(({ data }) => data.balanceChanged)
    const of = (list: typeof after, id: string) => list.find(({ userId }) => userId === id)
    expect(BigInt(of(before, api.alice).available) - BigInt(of(after, api.alice).available)).toBe(101n)
    expect(BigInt(of(after, api.bob).pendingIn) - BigInt(of(before, api.bob).pendingIn)).toBe(100n)
  })

  it('refuses users of nobody’s', async () => {
    const query = 'subscription { balanceChanged(userIds: ["usr_01k0g2qz5me93tnsy1xq2zc7ah"]) { available } }'
    const error = await refusal({ query })
    expect(error.extensions.code).toBe('user_not_found')
  })
})

describe('a socket', () => {
  const closeOf = async (params: Record<string, unknown>) => subscribe({ query: EVENTS }, params).end

  it('lets nobody in without a key that works', async () => {
    expect(await closeOf({})).toMatchObject({ code: 4401, reason: 'unauthenticated' })
    expect(await closeOf({ authorization: 'Bearer ost_test_nothing' })).toMatchObject({ code: 4401 })
  })

  it('lets nobody into another tenant’s economy', async () => {
    const other = await api.createTenant()
    const closed = await closeOf({ authorization: `Bearer ${other.key}`, economy: api.economyId })
    expect(closed).toMatchObject({ code: 4403, reason: 'economy_not_found' })
  })

  it('asks each operation for its scope', async () => {
    const key = await api.createKey({ scopes: ['users:read'] })
    const error = await refusal({ query: EVENTS }, { authorization: `Bearer ${key}`, economy: api.economyId })
    expect(error.extensions).toMatchObject({ code: 'scope_missing', details: { missing: ['events:read'] } })
  })

  it('ends with the session of its person', async () => {
    const { accessToken } = await signIn(api, await aPerson(api, { role: 'viewer' }))
    const heard = subscribe(
      { query: EVENTS },
      { authorization: `Bearer ${accessToken}`, economy: api.economyId },
    )
    await expect.poll(() => heard.sockets[0]?.readyState).toBe(WebSocket.OPEN)
    await sleep(300)
    await createUser()
    await heard.until(1)
    await api.request('POST', '/v3/auth/sign-out', { key: accessToken, body: {} })
    const from = performance.now()
    expect(await heard.end).toMatchObject({ code: 4401, reason: 'session_ended' })
    // The recheck's two seconds, and the one for which a session is remembered.
    expect(performance.now() - from).toBeLessThan(4_500)
  })

  it('ends when its key is revoked', async () => {
    const key = await api.createKey({ scopes: ['events:read'] })
    const heard = subscribe({ query: EVENTS }, { authorization: `Bearer ${key}`, economy: api.economyId })
    await sleep(800)
    const { body } = await api.request('GET', '/v3/api-keys?limit=1')
    await api.request('DELETE', `/v3/api-keys/${body.data[0].id}`)
    expect(await heard.end).toMatchObject({ code: 4401, reason: 'key_revoked' })
  })

  it('takes queries and mutations too, with the same bounds', async () => {
    const heard = subscribe({ query: '{ tenant { name } }' })
    expect(await heard.end).toBe('complete')
    expect(heard.values[0].data.tenant.name).toBe('Acme')
    const error = await refusal({ query: '{ nothing }' })
    expect(error.extensions.code).toBe('invalid_request')
    const ledgers = 'ledger(first: 100) { nodes { amount counterparty { user { name } } } }'
    const costly = await refusal({ query: `{ users(first: 100) { nodes { ${ledgers} } } }` })
    expect(costly.extensions.code).toBe('query_too_costly')
  })

  it('is one of so many of a key', async () => {
    const key = await api.createKey({ scopes: ['events:read'] })
    const params = { authorization: `Bearer ${key}`, economy: api.economyId }
    const open = Array.from({ length: SOCKETS_PER_CALLER_MAX }, () => subscribe({ query: EVENTS }, params))
    await expect.poll(() => open.every(({ sockets }) => sockets[0]?.readyState === WebSocket.OPEN)).toBe(true)
    await sleep(500)
    expect(await closeOf(params)).toMatchObject({ code: 4403, reason: 'limit_reached' })
    await open[0]?.client.dispose()
    await sleep(300)
    const again = subscribe({ query: EVENTS }, params)
    await sleep(500)
    expect(again.sockets[0]?.readyState).toBe(WebSocket.OPEN)
  })

  it('frees what it held when the client stops listening', async () => {
    const heard = subscribe({ query: EVENTS })
    await sleep(500)
    heard.stop()
    expect(await heard.end).toBe('complete')
  })
})
