import { Pool } from 'undici'
import { type Sink, startSink } from '../load/sink.ts'
import { clientOf } from '../population.ts'
import { median, row } from '../report.ts'
import { payments } from '../requests.ts'
import { type Section, USERS } from '../run.ts'
import { waitUntilQuiet } from '../settled.ts'
import { settleOnce } from './settle.ts'

const ROUNDS = 2
const EVENTS = 10_000
const BATCH_SIZE = 100
/** Deliveries to one webhook at a time, as the platform does it. */
const UNDER_WAY = 16

/** Events that are sent to a receiver on this machine, and the same number of bare POSTs by undici. */
export const webhooks: Section = {
  rows: ['webhooks'],

  async run({ whole, progress }) {
    const { platform, population } = await whole()
    const client = clientOf(platform, population)
    return progress.step(`webhooks: ${EVENTS} events`, async (note) => {
      try {
        // The first one warms both sides up: what it found is not counted.
        const rounds: { ours: number; beside: number }[] = []
        for (let round = 0; round <= ROUNDS; round += 1) {
          // Events that nobody was told of yet: what has been told once is kept, and told again with less work.
          await waitUntilQuiet(platform, [population.economyId])
          const from = new Date().toISOString()
          await settleOnce(platform, [population], payments(EVENTS, USERS, 130 + round), BATCH_SIZE)
          rounds.push({ ours: await deliver(client, from), beside: await bareLoop() })
        }
        const counted = rounds.slice(1)
        const ours = median(counted.map((one) => one.ours))
        const beside = median(counted.map((one) => one.beside))
        note(counted.map((one) => `${Math.round(one.ours)} beside ${Math.round(one.beside)} /s`).join(', '))
        const ratio = median(counted.map((one) => one.ours / one.beside))
        return [row({ name: 'webhooks', unit: 'deliveries/s', ours, beside, ratio, goal: { atLeast: 0.3 } })]
      } finally {
        await client.close()
      }
    })
  },
}

/** To a new webhook, by a replay: nothing else is under way, the events are there, and only their delivery is measured. */
async function deliver(client: ReturnType<typeof clientOf>, from: string): Promise<number> {
  return withSink(async (sink) => {
    const webhook = await client.post<{ id: string }>('/v3/webhooks', {
      url: sink.url,
      topics: ['transaction.confirmed'],
    })
    await client.post(`/v3/webhooks/${webhook.id}/replays`, { from, scope: 'all' })
    const perSecond = await sink.perSecondOf(EVENTS)
    await client.delete(`/v3/webhooks/${webhook.id}`)
    return perSecond
  })
}

async function bareLoop(): Promise<number> {
  return withSink(async (sink) => {
    await postLoop(sink.url, EVENTS)
    return sink.perSecondOf(EVENTS)
  })
}

async function withSink<Result>(use: (sink: Sink) => Promise<Result>): Promise<Result> {
  const sink = await startSink()
  try {
    return await use(sink)
  } finally {
    sink.stop()
  }
}

/** A body of an event's size. */
const BODY = JSON.stringify({ type: 'transaction.confirmed', data: { id: 'x'.repeat(900) } })

async function postLoop(url: string, count: number): Promise<void> {
  const pool = new Pool(url, { connections: UNDER_WAY, pipelining: 1 })
  let next = 0
  const post = async (): Promise<void> => {
    while (next++ < count) {
      const { body } = await pool.request({
        method: 'POST',
        path: '/',
        headers: { 'content-type': 'application/json' },
        body: BODY,
      })
      await body.dump()
    }
  }
  await Promise.all(Array.from({ length: UNDER_WAY }, post))
  await pool.close()
}
