import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { uuidv7 } from 'uuidv7'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createSealer } from '#adapters/crypto/sealer.ts'
import { newSecret } from '#core/webhook/signature.ts'
import { type Sink, startSink } from '#test/support/webhook-sink.ts'
import { aBed, type Bed } from './live-economy.ts'
import { until } from './redis-server.ts'

/** Real processes and a real SIGKILL at the worst moment: after the receiver's answer, before the record (F18). */
let bed: Bed
let sink: Sink
const running = new Set<ChildProcess>()
beforeAll(async () => {
  bed = await aBed()
  sink = await startSink()
})
afterAll(async () => {
  for (const child of running) child.kill('SIGKILL')
  await sink.stop()
  await bed.close()
})

function startWorkerProcess(env: Record<string, string> = {}): ChildProcess {
  const child = spawn(process.execPath, ['apps/worker/main.ts'], {
    env: {
      PATH: process.env['PATH'],
      ...bed.env,
      WEBHOOK_ALLOW_HTTP: 'true',
      WEBHOOK_ALLOW_PRIVATE_NETWORKS: 'true',
      ...env,
    },
    stdio: 'ignore',
  })
  running.add(child)
  child.once('exit', () => running.delete(child))
  return child
}

it('sends the same webhook-id again after SIGKILL between the answer and the record, and keeps the sequence', async () => {
  const webhookId = uuidv7()
  const economyId = (await bed.createEconomy()).id
  const sealed = createSealer(bed.config.keys.keyEncryptionKey).seal(newSecret())
  await bed.owner.query(
    `INSERT INTO webhook_endpoint (economy_id, id, tenant_id, url, topics, mode, secret) VALUES ($1, $2, $3, $4, '{}', 'ordered', $5)`,
    [economyId, webhookId, bed.tenantId, sink.url, sealed],
  )
  const doomed = startWorkerProcess({ KILL_AT: 'webhook_sent:1' })
  const [code, signal] = await once(doomed, 'exit')
  expect([code, signal]).toEqual([null, 'SIGKILL'])
  const before = sink.ids()
  expect(before).toHaveLength(2)

  startWorkerProcess()
  await until(
    'the economy is active, and told of',
    () => sink.received.some((one) => JSON.parse(one.body).type === 'economy.active'),
    30_000,
  )
  await until(
    'everything is recorded',
    async () => {
      const { rows } = await bed.owner.query(
        "SELECT count(*)::int AS open FROM webhook_delivery WHERE endpoint_id = $1 AND status = 'pending'",
        [webhookId],
      )
      return rows[0]?.open === 0
    },
    // The dead worker's lease ends first.
    30_000,
  )
  // Nothing stays on the way that would come after all.
  await sleep(500)
  const ids = sink.ids()
  expect(ids.filter((id) => id === before[1]).length).toBeGreaterThanOrEqual(2)
  const { rows } = await bed.owner.query<{ id: string }>(
    'SELECT event_id AS id FROM webhook_delivery WHERE endpoint_id = $1 ORDER BY position',
    [webhookId],
  )
  const firstArrivals = [...new Set(ids)]
  expect(firstArrivals).toHaveLength(rows.length)
  const types = firstArrivals.map(
    (id) => JSON.parse(sink.received.find((one) => one.id === id)?.body ?? '{}').type,
  )
  expect(types[0]).toBe('economy.created')
  expect(types.indexOf('economy.active')).toBeGreaterThan(0)
  for (const one of sink.received) {
    expect(one.body).toBe(sink.received.find(({ id }) => id === one.id)?.body)
  }
}, 90_000)
