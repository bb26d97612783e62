import { createSealer } from '#adapters/crypto/sealer.ts'
import { systemClock } from '#adapters/crypto/clock.ts'
import { ids } from '#adapters/crypto/ids.ts'
import { createWebhookSender } from '#adapters/http/webhook-sender.ts'
import { Database } from '#adapters/postgres/database.ts'
import { createDeliveryQueue } from '#adapters/postgres/webhook-delivery-queue.ts'
import { createEventLog } from '#adapters/postgres/webhook-event-log.ts'
import { createReplayLog } from '#adapters/postgres/webhook-replay-log.ts'
import { createUnitOfWork } from '#adapters/postgres/unit-of-work.ts'
import { toWire } from '#apps/api/presenters/wire-id.ts'
import type { Job } from '#core/outbox/job-dispatcher.ts'
import { silentObserver } from '#core/shared/observer.ts'
import { type DeliverDeps, deliverWebhooks } from '#core/webhook/deliver-webhooks.ts'
import { createTellers } from '#apps/worker/tellers.ts'
import { createDeliveryPlaces } from '#core/webhook/delivery-places.ts'
import { type FanOutDeps, fanOutEvents } from '#core/webhook/fan-out-events.ts'
import { replayEvents } from '#core/webhook/replay-events.ts'
import { type Answer, startApi, type TestApi, uuidOfWire } from './api.ts'
import { type EconomyFixture, insertEconomy } from './economy-fixture.ts'

/** The webhooks' whole way on a real database: the API at its one end, receivers on loopback at the other, no processes between. */
export interface WebhookBed {
  api: TestApi
  economy: EconomyFixture
  economyId: string
  database: Database
  fanOutDeps: FanOutDeps
  deliverDeps: DeliverDeps
  /** Jobs that were rung for. */
  jobs: Job[]
  /** A request of the economy's tenant. */
  call(method: 'GET' | 'POST' | 'PATCH' | 'DELETE', url: string, body?: unknown): Promise<Answer>
  createWebhook(body: Record<string, unknown>): Promise<{ id: string; uuid: string; secret: string }>
  createUser(name?: string): Promise<string>
  fanOut(): Promise<void>
  /** One run; `change` replaces parts of what it works with. */
  deliver(webhookId: string, change?: Partial<DeliverDeps>): Promise<'more' | 'done'>
  /** Runs until nothing is due. */
  deliverAll(webhookId: string): Promise<void>
  replay(replayId: string): Promise<void>
  /** As if this much time had gone by for what waits. */
  pass(milliseconds: number): Promise<void>
  close(): Promise<void>
}

const SEND_TIMEOUT_MS = 500

export async function startWebhookBed(): Promise<WebhookBed> {
  const api = await startApi({
    env: { WEBHOOK_ALLOW_HTTP: 'true', WEBHOOK_ALLOW_PRIVATE_NETWORKS: 'true' },
  })
  const economy = await insertEconomy(api.database.ownerUrl, {
    tenantId: uuidOfWire(api.tenant.id),
    balances: [1_000_000n, 0n],
    company: 1_000_000n,
  })
  const economyId = toWire('eco', economy.economyId)
  const database = new Database({ url: api.database.workerUrl, poolSize: 5, applicationName: 'test-worker' })
  const sender = createWebhookSender({ allowPrivateNetworks: true, timeoutMs: SEND_TIMEOUT_MS })
  const sealer = createSealer(api.deps.config.keys.keyEncryptionKey)
  const jobs: Job[] = []
  const dispatcher = { dispatch: async (rung: readonly Job[]) => void jobs.push(...rung) }
  const fanOutDeps: FanOutDeps = {
    log: createEventLog(database),
    tell: createTellers(database, createUnitOfWork({ database, ids, sealer }), api.deps),
    jobs: dispatcher,
  }
  const deliverDeps: DeliverDeps = {
    queue: createDeliveryQueue({ database, ids, sealer }),
    sender,
    messageId: (eventId) => toWire('evt', eventId),
    places: createDeliveryPlaces(),
    clock: systemClock,
    ids,
    observer: silentObserver,
    chance: () => 0.5,
  }
  const call: WebhookBed['call'] = (method, url, body) =>
    api.request(method, url, { economy: economyId, ...(body !== undefined && { body }) })
  const deliver: WebhookBed['deliver'] = (webhookId, change = {}) =>
    deliverWebhooks({ ...deliverDeps, ...change }, webhookId, new AbortController().signal)
  let users = 0

  return {
    api,
    economy,
    economyId,
    database,
    fanOutDeps,
    deliverDeps,
    jobs,
    call,
    async createWebhook(body) {
      const answer = await call('POST', '/v3/webhooks', body)
      if (answer.status !== 201) throw new Error(JSON.stringify(answer.body))
      return { id: answer.body.id, uuid: uuidOfWire(answer.body.id), secret: answer.body.secret }
    },
    async createUser(name = `user-${users++}`) {
      return (await call('POST', '/v3/users', { name })).body.id
    },
    async fanOut() {
      // The log's horizon is the whole server's: databases of other tests may hold it back for a moment.
      for (let tries = 0; tries < 200; tries += 1) {
        await fanOutEvents(fanOutDeps)
        const [row] = await api.sql(
          `SELECT count(*)::int AS behind FROM outbox_record
           WHERE NOT EXISTS (SELECT FROM outbox_cursor c
                             WHERE c.consumer = 'webhook-fan-out' AND (c.xid, c.event_id) >= (outbox_record.xid, last_id))`,
        )
        if (row?.['behind'] === 0) return
        await new Promise((resolve) => {
          setTimeout(resolve, 20)
        })
      }
      throw new Error('the log is not read to its end')
    },
    deliver,
    async deliverAll(webhookId) {
      for (let runs = 0; runs < 100; runs += 1) if ((await deliver(webhookId)) === 'done') return
      throw new Error('there is no end of it')
    },
    async replay(replayId) {
      await replayEvents({ ...fanOutDeps, replays: createReplayLog(database) }, replayId)
    },
    async pass(milliseconds) {
      const earlier = `- make_interval(secs => ${milliseconds} / 1000.0)`
      await api.sql(
        `UPDATE webhook_delivery SET next_attempt_at = next_attempt_at ${earlier}, first_due_at = first_due_at ${earlier} WHERE status = 'pending'`,
      )
      await api.sql(
        `UPDATE webhook_endpoint SET retry_at = retry_at ${earlier}, failing_since = failing_since ${earlier}, lease_until = lease_until ${earlier}`,
      )
    },
    async close() {
      await sender.close()
      await database.close()
      await api.close()
    },
  }
}
