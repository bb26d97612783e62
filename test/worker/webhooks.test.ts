import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import { Webhook } from 'standardwebhooks'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createExpiredRows } from '#adapters/postgres/expired-rows.ts'
import { toWire } from '#apps/api/presenters/wire-id.ts'
import { fanOutEvents } from '#core/webhook/fan-out-events.ts'
import { uuidOfWire } from '#test/support/api.ts'
import { backEconomy } from '#test/support/backing-fixture.ts'
import { startWebhookBed, type WebhookBed } from '#test/support/webhook-bed.ts'
import { answering, type Behaviour, type Sink, startSink, taken } from '#test/support/webhook-sink.ts'
import { carryTo } from '#test/support/mined-submission.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE

let bed: WebhookBed
let sink: Sink

beforeAll(async () => {
  bed = await startWebhookBed()
  sink = await startSink()
})
afterAll(async () => {
  await sink.stop()
  await bed.close()
})
beforeEach(async () => {
  // Only the test's own webhooks are told of what it does.
  await bed.api.sql('UPDATE webhook_endpoint SET deleted_at = now() WHERE deleted_at IS NULL')
  sink.behave(taken)
  sink.received.length = 0
})

const statusesOf = async (webhook: { uuid: string }) =>
  (
    await bed.api.sql('SELECT status FROM webhook_delivery WHERE endpoint_id = $1 ORDER BY position', [
      webhook.uuid,
    ])
  ).map((row) => row['status'])

const createUsers = async (count: number) => {
  const ids: string[] = []
  for (let made = 0; made < count; made += 1) ids.push(await bed.createUser())
  return ids
}

const subjects = () => sink.received.map((one) => JSON.parse(one.body).data.id)

describe('telling a webhook', () => {
  it('tells of a stake as its route shows it, and of a grant with its amount', async () => {
    await backEconomy(bed.api, uuidOfWire(bed.economyId))
    const topics = ['stake.created', 'token_grant.queued']
    const webhook = await bed.createWebhook({ url: sink.url, topics, mode: 'ordered' })
    const asked = { amount: '100', staker: `0x${'5f'.repeat(20)}` }
    const answers = [
      await bed.api.request('POST', '/v3/stakes', { economy: bed.economyId, once: 'stake', body: asked }),
      await bed.api.request('POST', `/v3/economies/${bed.economyId}/grants`, {
        once: 'grant',
        body: { amount: '5' },
      }),
    ]
    expect(answers.map(({ status }) => status)).toEqual([201, 202])
    await bed.fanOut()
    await bed.deliverAll(webhook.uuid)
    const told = sink.received.map(({ body }) => JSON.parse(body))
    expect(told.map(({ type }) => type)).toEqual(topics)
    expect(told.map(({ data }) => data)).toEqual(answers.map(({ body }) => body))
  })

  it('sends what its topics ask for, signed, as /v3/events shows it', async () => {
    const webhook = await bed.createWebhook({ url: sink.url, topics: ['user.created'] })
    const user = await bed.createUser('Ada')
    await bed.call('PATCH', `/v3/users/${user}`, { name: 'Ada L.' })
    await bed.fanOut()
    expect(bed.jobs).toContainEqual({ name: 'deliver-webhooks', id: webhook.uuid })
    await bed.deliverAll(webhook.uuid)
    expect(sink.received).toHaveLength(1)
    const [received] = sink.received
    const verified = new Webhook(webhook.secret).verify(received?.body ?? '', {
      'webhook-id': String(received?.headers['webhook-id']),
      'webhook-timestamp': String(received?.headers['webhook-timestamp']),
      'webhook-signature': String(received?.headers['webhook-signature']),
    })
    const { body: page } = await bed.call('GET', '/v3/events?type=user.created&order=desc&limit=1')
    expect(verified).toEqual(page.data[0])
    expect(received?.id).toBe(page.data[0].id)
    expect(page.data[0]).toMatchObject({ economy_id: bed.economyId, data: { object: 'user', id: user } })
  })

  it('signs with both secrets while a rotation overlaps', async () => {
    const webhook = await bed.createWebhook({ url: sink.url })
    const { body: rotated } = await bed.call('POST', `/v3/webhooks/${webhook.id}/rotate-secret`, {})
    await bed.call('POST', `/v3/webhooks/${webhook.id}/test`)
    await bed.deliverAll(webhook.uuid)
    const [received] = sink.received
    for (const secret of [webhook.secret, rotated.secret]) {
      // The library wants plain strings, which these headers are.
      expect(
        new Webhook(secret).verify(received?.body ?? '', received?.headers as Record<string, string>),
      ).toBeTruthy()
    }
    await bed.call('POST', `/v3/webhooks/${webhook.id}/rotate-secret`, { overlap_seconds: 0 })
    await bed.call('POST', `/v3/webhooks/${webhook.id}/test`)
    await bed.deliverAll(webhook.uuid)
    expect(String(sink.received.at(-1)?.headers['webhook-signature']).split(' ')).toHaveLength(1)
  })

  it('shows a transaction as it stood at each change, whenever it is read', async () => {
    const webhook = await bed.createWebhook({
      url: sink.url,
      topics: ['transaction.queued', 'transaction.failed'],
    })
    const [from, to] = bed.economy.userIds.map((id) => toWire('usr', id))
    const { body: sent } = await bed.api.request('POST', '/v3/transactions', {
      economy: bed.economyId,
      once: randomUUID(),
      body: { type: 'tip', from_user_id: from, to_user_id: to, amount: '5' },
    })
    const id = uuidOfWire(sent.id)
    await carryTo(bed.api.sql, [id], 'failed')
    await bed.api.sql(
      `INSERT INTO outbox_event (id, tenant_id, economy_id, topic, subject_id, payload)
       SELECT gen_random_uuid(), tenant_id, economy_id, 'transaction.failed', id,
         '{"block_number":7,"tx_hash":"0xabc","failure_code":"insufficient_balance","failure_reason":"Not enough."}' FROM transaction WHERE id = $1`,
      [id],
    )
    await bed.fanOut()
    await bed.deliverAll(webhook.uuid)
    const bodies = sink.received.map((one) => JSON.parse(one.body))
    const queued = bodies.find((body) => body.type === 'transaction.queued')
    const failed = bodies.find((body) => body.type === 'transaction.failed')
    expect(queued.data).toEqual(sent)
    expect(failed.data).toEqual((await bed.call('GET', `/v3/transactions/${sent.id}`)).body)
    const { body: timeline } = await bed.call('GET', `/v3/transactions/${sent.id}/timeline`)
    const tries = timeline.data.filter((event: { kind: string }) => event.kind === 'webhook_tried')
    expect(tries).toHaveLength(2)
    expect(tries[0].details).toMatchObject({ webhook: webhook.id, response_status: 204 })
  })

  it("tells of a transaction's acceptance before its submission, though the log has them the other way round", async () => {
    const webhook = await bed.createWebhook({ url: sink.url, mode: 'ordered' })
    const client = await bed.database.pool.connect()
    const [from, to] = bed.economy.userIds.map((id) => toWire('usr', id))
    try {
      // A lane begins, the transaction is accepted, and the lane claims it.
      await client.query('BEGIN')
      await client.query('SELECT pg_current_xact_id()')
      const { body: sent } = await bed.api.request('POST', '/v3/transactions', {
        economy: bed.economyId,
        once: randomUUID(),
        body: { type: 'tip', from_user_id: from, to_user_id: to, amount: '5' },
      })
      await client.query(
        `INSERT INTO outbox_event (id, tenant_id, economy_id, topic, subject_id)
         SELECT $2, tenant_id, economy_id, 'transaction.submitted', id FROM transaction WHERE id = $1`,
        [uuidOfWire(sent.id), randomUUID()],
      )
      await client.query('COMMIT')
      const { rows } = await client.query(
        'SELECT topic FROM outbox_event WHERE subject_id = $1 ORDER BY xid, id',
        [uuidOfWire(sent.id)],
      )
      expect(rows.map((row) => row.topic)).toEqual(['transaction.submitted', 'transaction.queued'])
    } finally {
      client.release()
    }
    await bed.fanOut()
    await bed.deliverAll(webhook.uuid)
    const types = sink.received.map((one) => JSON.parse(one.body).type)
    expect(types.filter((type) => type.startsWith('transaction.'))).toEqual([
      'transaction.queued',
      'transaction.submitted',
    ])
    expect(new Set(sink.ids()).size).toBe(sink.received.length)
  })

  it('queues each event once, by however many readers and however often it is read', async () => {
    const webhook = await bed.createWebhook({ url: sink.url, topics: ['user.created'] })
    await createUsers(3)
    await Promise.all([
      fanOutEvents(bed.fanOutDeps),
      fanOutEvents(bed.fanOutDeps),
      fanOutEvents(bed.fanOutDeps),
    ])
    await bed.fanOut()
    await bed.api.sql(
      "UPDATE outbox_cursor SET xid = 0, event_id = '00000000-0000-0000-0000-000000000000' WHERE consumer = 'webhook-fan-out'",
    )
    await bed.fanOut()
    const rows = await bed.api.sql(
      'SELECT count(*)::int AS rows, count(DISTINCT event_id)::int AS events FROM webhook_delivery WHERE endpoint_id = $1',
      [webhook.uuid],
    )
    expect(rows[0]?.['rows']).toBe(rows[0]?.['events'])
  })

  it('keeps nothing for economies without a webhook', async () => {
    const before = await bed.api.sql('SELECT count(*) FROM webhook_event')
    await createUsers(2)
    await bed.fanOut()
    expect(await bed.api.sql('SELECT count(*) FROM webhook_event')).toEqual(before)
  })
})

describe('a receiver in trouble (F17)', () => {
  const dripping: Behaviour = (response) => {
    response.writeHead(200)
    const drip = setInterval(() => response.write('.'), 50)
    response.once('close', () => clearInterval(drip))
  }
  const pouring: Behaviour = (response) => {
    response.writeHead(500)
    const chunk = Buffer.alloc(1024 * 1024)
    const pour = (): unknown =>
      response.destroyed
        ? undefined
        : response.write(chunk)
          ? setImmediate(pour)
          : response.once('drain', pour)
    pour()
  }
  const troubles: [string, Behaviour][] = [
    ['answers 302', answering(302, { location: 'http://127.0.0.1:1/' })],
    ['answers 403', answering(403)],
    ['answers 429', answering(429, { 'retry-after': '60' })],
    ['answers 500', answering(500)],
    ['answers 100 MB', pouring],
    ['drips its answer', dripping],
    ['hangs', () => {}],
    ['breaks the connection', (response) => void response.destroy()],
  ]

  it.each(troubles)(
    '%s: gets everything after it has recovered, and holds nobody up',
    async (_, behaviour) => {
      const other = await startSink()
      try {
        const sick = await bed.createWebhook({ url: sink.url, topics: ['user.created'] })
        const well = await bed.createWebhook({ url: other.url, topics: ['user.created'] })
        sink.behave(behaviour)
        const users = await createUsers(3)
        await bed.fanOut()
        const failing = bed.deliver(sick.uuid)
        const startedAt = performance.now()
        await bed.deliverAll(well.uuid)
        expect(performance.now() - startedAt).toBeLessThan(1_000)
        expect(other.received).toHaveLength(3)
        await failing
        expect(await statusesOf(sick)).toEqual(['pending', 'pending', 'pending'])

        sink.behave(taken)
        sink.received.length = 0
        await bed.pass(10 * MINUTE)
        await bed.deliverAll(sick.uuid)
        expect(await statusesOf(sick)).toEqual(['delivered', 'delivered', 'delivered'])
        expect(new Set(subjects())).toEqual(new Set(users))
      } finally {
        await other.stop()
      }
    },
  )

  it('is down for 10 minutes: one try brings all the others forward', async () => {
    const webhook = await bed.createWebhook({ url: sink.url, topics: ['user.created'] })
    await createUsers(12)
    await bed.fanOut()
    await sink.stop()
    await bed.deliver(webhook.uuid)
    // Ten failures in a row: it waits as a whole.
    const [row] = await bed.api.sql(
      'SELECT failures, retry_at > now() AS waits FROM webhook_endpoint WHERE id = $1',
      [webhook.uuid],
    )
    expect(row).toEqual({ failures: 10, waits: true })
    expect(await bed.deliver(webhook.uuid)).toBe('done')
    await bed.pass(10_000)
    await sink.start()
    await bed.deliverAll(webhook.uuid)
    await bed.deliverAll(webhook.uuid)
    expect(new Set(await statusesOf(webhook))).toEqual(new Set(['delivered']))
  })

  it('asks for patience by Retry-After, which is granted within bounds', async () => {
    const webhook = await bed.createWebhook({ url: sink.url })
    await bed.call('POST', `/v3/webhooks/${webhook.id}/test`)
    sink.behave(answering(429, { 'retry-after': String(30 * 24 * 3600) }))
    await bed.deliver(webhook.uuid)
    const [row] = await bed.api.sql(
      'SELECT extract(epoch FROM retry_at - now())::int AS seconds FROM webhook_endpoint WHERE id = $1',
      [webhook.uuid],
    )
    expect(Number(row?.['seconds'])).toBeGreaterThan(3_590)
    expect(Number(row?.['seconds'])).toBeLessThanOrEqual(3_600)
  })

  it('answers 410: is disabled at once, with a notice; enabled again it gets what waited, and a replay what it missed', async () => {
    const other = await startSink()
    try {
      const webhook = await bed.createWebhook({ url: sink.url, topics: ['user.created'] })
      const watcher = await bed.createWebhook({ url: other.url, topics: ['webhook.disabled'] })
      sink.behave(answering(410))
      const [first = ''] = await createUsers(1)
      await bed.fanOut()
      await bed.deliver(webhook.uuid)
      const { body: shown } = await bed.call('GET', `/v3/webhooks/${webhook.id}`)
      expect(shown).toMatchObject({ status: 'disabled', disabled_reason: 'gone' })
      const { body: audit } = await bed.api.request('GET', `/v3/audit-log?action=webhook.disabled`)
      expect(audit.data[0]).toMatchObject({ actor: { type: 'system' }, subject: { id: webhook.id } })
      const from = new Date(Date.now() - HOUR).toISOString()
      const [missed = ''] = await createUsers(1)
      await bed.fanOut()
      await bed.deliverAll(watcher.uuid)
      expect(JSON.parse(other.received[0]?.body ?? '{}')).toMatchObject({
        type: 'webhook.disabled',
        data: { id: webhook.id, disabled_reason: 'gone' },
      })

      sink.behave(taken)
      sink.received.length = 0
      expect(await bed.deliver(webhook.uuid)).toBe('done')
      expect(sink.received).toEqual([])
      await bed.call('PATCH', `/v3/webhooks/${webhook.id}`, { status: 'enabled' })
      await bed.deliverAll(webhook.uuid)
      expect(subjects()).toEqual([first])

      const replay = async (scope: string) => {
        const { body } = await bed.call('POST', `/v3/webhooks/${webhook.id}/replays`, { from, scope })
        await bed.replay(uuidOfWire(body.id))
        await bed.deliverAll(webhook.uuid)
        return (await bed.call('GET', `/v3/webhooks/${webhook.id}/replays?limit=1`)).body.data[0]
      }
      expect(await replay('undelivered')).toMatchObject({ status: 'done' })
      expect(subjects()).toContain(missed)
      expect(subjects().filter((id) => id === first)).toHaveLength(1)
      // Twice is once: everything is delivered now.
      expect(await replay('undelivered')).toMatchObject({ status: 'done', queued: 0 })
      const sent = () =>
        sink.received.map(({ headers, body }) => `${String(headers['webhook-id'])} ${body}`).toSorted()
      const before = sent()
      sink.received.length = 0
      await replay('all')
      expect(sent()).toEqual(before)
    } finally {
      await other.stop()
    }
  })

  it('is given an event up after 3 days, and is disabled after 5 days of nothing but failures', async () => {
    const webhook = await bed.createWebhook({ url: sink.url, topics: ['user.created'] })
    sink.behave(answering(500))
    await createUsers(1)
    await bed.fanOut()
    await bed.deliver(webhook.uuid)
    await bed.pass(72 * HOUR)
    await bed.deliver(webhook.uuid)
    expect(await statusesOf(webhook)).toEqual(['failed'])
    await createUsers(1)
    await bed.fanOut()
    await bed.pass(49 * HOUR)
    await bed.deliver(webhook.uuid)
    const { body } = await bed.call('GET', `/v3/webhooks/${webhook.id}`)
    expect(body).toMatchObject({ status: 'disabled', disabled_reason: 'failing' })
    expect(await statusesOf(webhook)).toEqual(['failed', 'pending'])
  })
})

describe('in order', () => {
  it('holds everything behind an event that is not taken', async () => {
    const webhook = await bed.createWebhook({ url: sink.url, topics: ['user.created'], mode: 'ordered' })
    const users = await createUsers(4)
    await bed.fanOut()
    let refusals = 2
    sink.behave((response, received) => {
      const isSecond = JSON.parse(received.body).data.id === users[1]
      if (isSecond && refusals > 0) {
        refusals -= 1
        return answering(500)(response, received)
      }
      return taken(response, received)
    })
    await bed.deliverAll(webhook.uuid)
    expect(subjects()).toEqual(users.slice(0, 2))
    await bed.deliverAll(webhook.uuid)
    expect(subjects()).toHaveLength(2)
    await bed.pass(MINUTE)
    await bed.deliverAll(webhook.uuid)
    await bed.pass(MINUTE)
    await bed.deliverAll(webhook.uuid)
    expect(subjects()).toEqual([users[0], users[1], users[1], ...users.slice(1)])
  })

  it('sends one at a time', async () => {
    const webhook = await bed.createWebhook({ url: sink.url, topics: ['user.created'], mode: 'ordered' })
    await createUsers(6)
    await bed.fanOut()
    let open = 0
    let most = 0
    sink.behave((response, received) => {
      open += 1
      most = Math.max(most, open)
      setTimeout(() => {
        open -= 1
        taken(response, received)
      }, 5)
    })
    await Promise.all([bed.deliver(webhook.uuid), bed.deliver(webhook.uuid)])
    expect(most).toBe(1)
    expect(sink.received).toHaveLength(6)
  })
})

describe('a worker that dies (F18)', () => {
  class Killed extends Error {}

  it('sends the same id and body again when it died between the answer and the record', async () => {
    const webhook = await bed.createWebhook({ url: sink.url, topics: ['user.created'] })
    await createUsers(1)
    await bed.fanOut()
    const dies = () => {
      throw new Killed('here')
    }
    // A process that dies gives nothing back.
    const queue = { ...bed.deliverDeps.queue, release: async () => {} }
    await expect(bed.deliver(webhook.uuid, { reach: dies, queue })).rejects.toThrow(Killed)
    expect(await statusesOf(webhook)).toEqual(['pending'])
    // Nobody else sends while its lease lasts.
    await bed.deliver(webhook.uuid)
    expect(sink.received).toHaveLength(1)
    await bed.pass(15_000)
    await bed.deliver(webhook.uuid)
    expect(sink.received).toHaveLength(2)
    const [first, again] = sink.received
    expect(again).toMatchObject({ id: first?.id, body: first?.body })
    expect(await statusesOf(webhook)).toEqual(['delivered'])
  })

  it('keeps ids and order under any sequence of refusals, crashes and pauses', async () => {
    const step = fc.constantFrom('take', 'refuse', 'crash', 'crash-after-record', 'wait')
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 12 }),
        fc.constantFrom('ordered', 'parallel'),
        async (steps, mode) => {
          sink.received.length = 0
          const webhook = await bed.createWebhook({ url: sink.url, topics: ['user.created'], mode })
          const users = await createUsers(4)
          await bed.fanOut()
          for (const next of steps) {
            sink.behave(next === 'refuse' ? answering(503) : taken)
            const dyingAt = { crash: 'webhook_sent', 'crash-after-record': 'webhook_recorded' }[String(next)]
            if (next === 'wait') await bed.pass(10 * MINUTE)
            const reach = (point: string) => {
              if (point === dyingAt) throw new Killed(point)
            }
            const queue =
              dyingAt === undefined
                ? bed.deliverDeps.queue
                : { ...bed.deliverDeps.queue, release: async () => {} }
            await bed.deliver(webhook.uuid, { reach, queue }).catch((error: unknown) => {
              if (!(error instanceof Killed)) throw error
            })
          }
          sink.behave(taken)
          for (let rounds = 0; rounds < 3; rounds += 1) {
            await bed.pass(HOUR)
            await bed.deliverAll(webhook.uuid)
          }
          expect(await statusesOf(webhook)).toEqual(['delivered', 'delivered', 'delivered', 'delivered'])
          const bodies = new Map(sink.received.map((one) => [one.id, one.body]))
          expect(bodies.size).toBe(4)
          for (const one of sink.received) expect(one.body).toBe(bodies.get(one.id))
          if (mode === 'ordered') {
            // First arrivals come in the order of the log, and a repetition never goes back past what was recorded.
            expect([...new Set(subjects())]).toEqual(users)
          }
          await bed.call('DELETE', `/v3/webhooks/${webhook.id}`)
        },
      ),
      { numRuns: 12 },
    )
  })
})

describe('cleaning up', () => {
  it('deletes what was sent with its tries, and keeps what still waits', async () => {
    const webhook = await bed.createWebhook({ url: sink.url, topics: ['user.created'] })
    const [sent = '', waiting = ''] = await createUsers(2)
    await bed.fanOut()
    sink.behave((response, received) =>
      (JSON.parse(received.body).data.id === sent ? taken : answering(500))(response, received),
    )
    await bed.deliver(webhook.uuid)
    await bed.api.sql(
      "UPDATE webhook_event SET created_at = created_at - interval '31 days' WHERE subject_id = ANY ($1)",
      [[uuidOfWire(sent), uuidOfWire(waiting)]],
    )
    const before = new Date(Date.now() - 30 * 24 * HOUR)
    expect(await createExpiredRows(bed.database).deleteDeliveries(before, 100)).toBe(1)
    expect(await statusesOf(webhook)).toEqual(['pending'])
    const left = await bed.api.sql(
      'SELECT count(*)::int AS tries FROM webhook_attempt WHERE endpoint_id = $1',
      [webhook.uuid],
    )
    expect(left).toEqual([{ tries: 1 }])
  })
})

describe('fairness', () => {
  it('leaves places for others when the receivers of one tenant hang', async () => {
    const taken_ = bed.deliverDeps.places
    const release = Array.from({ length: 32 }, () => taken_.take(uuidOfWire(bed.api.tenant.id)))
    const webhook = await bed.createWebhook({ url: sink.url })
    await bed.call('POST', `/v3/webhooks/${webhook.id}/test`)
    expect(await bed.deliver(webhook.uuid)).toBe('done')
    expect(sink.received).toEqual([])
    expect(taken_.take(randomUUID())).not.toBeNull()
    for (const giveBack of release) giveBack?.()
    await bed.deliverAll(webhook.uuid)
    expect(sink.received).toHaveLength(1)
  })

  it('sends a hanging receiver one event at a time', async () => {
    const webhook = await bed.createWebhook({ url: sink.url, topics: ['user.created'] })
    await createUsers(5)
    await bed.fanOut()
    let open = 0
    sink.behave(() => {
      open += 1
    })
    const run = bed.deliver(webhook.uuid)
    await new Promise((resolve) => {
      setTimeout(resolve, 300)
    })
    expect(open).toBe(1)
    await run
  })
})
