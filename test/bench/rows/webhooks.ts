import { Pool } from 'undici'
import { startSink } from '../load/sink.ts'
import { clientOf } from '../population.ts'
import { row } from '../report.ts'
import { payments } from '../requests.ts'
import { type Section, USERS } from '../run.ts'
import { waitUntilQuiet } from '../settled.ts'
import { settleOnce } from './settle.ts'

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
      await waitUntilQuiet(platform, [population.economyId])
      const from = new Date().toISOString()
      await settleOnce(platform, [population], payments(EVENTS, USERS, 130), BATCH_SIZE)
      const bare = await startSink()
      const sink = await startSink()
      try {
        const webhook = await client.post<{ id: string }>('/v3/webhooks', {
          url: sink.url,
          topics: ['transaction.confirmed'],
        })
        // Nothing else is under way: the events are there, and only their delivery is measured.
        await client.post(`/v3/webhooks/${webhook.id}/replays`, { from, scope: 'all' })
        const ours = await sink.perSecondOf(EVENTS)
        await client.delete(`/v3/webhooks/${webhook.id}`)
        await postLoop(bare.url, EVENTS)
        const beside = await bare.perSecondOf(EVENTS)
        note(`${Math.round(ours)} beside ${Math.round(beside)} /s`)
        return [row({ name: 'webhooks', unit: 'deliveries/s', ours, beside, goal: { atLeast: 0.3 } })]
      } finally {
        sink.stop()
        bare.stop()
        await client.close()
      }
    })
  },
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
