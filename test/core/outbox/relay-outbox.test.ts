import { describe, expect, it } from 'vitest'
import type { Job } from '#core/outbox/job-dispatcher.ts'
import type { OutboxPosition, OutboxRecord } from '#core/outbox/outbox-event.ts'
import type { OutboxReader } from '#core/outbox/outbox-reader.ts'
import { relayOutbox } from '#core/outbox/relay-outbox.ts'

function anEvent(
  topic: string,
  subjectId: string,
  economyId: string | null = 'eco',
): Omit<OutboxRecord, 'xid' | 'id'> {
  const record = { events: 1, eventIds: ['evt'], subjectIds: [subjectId] }
  return { tenantId: 'ten', economyId, topic, ...record, createdAt: new Date(0) }
}

/** A log whose economies live on the lanes given. */
function aLog(records: Omit<OutboxRecord, 'xid' | 'id'>[], lanes: Record<string, string> = { eco: 'lane' }) {
  const log: OutboxRecord[] = records.map((record, index) => ({
    ...record,
    xid: BigInt(index + 1),
    id: `e${index}`,
  }))
  let position: OutboxPosition = { xid: 0n, id: '' }
  const outbox: OutboxReader = {
    position: async () => position,
    readAfter: async (after, limit) => log.slice(Number(after.xid), Number(after.xid) + limit),
    advance: async (_consumer, to) => {
      position = to
    },
    lanesOf: async (ids) => new Map(ids.flatMap((id) => (lanes[id] ? [[id, lanes[id]] as const] : []))),
  }
  return { outbox, at: () => position.xid }
}

function aCarriage() {
  const dispatched: Job[] = []
  return {
    dispatched,
    jobs: { dispatch: async (jobs: readonly Job[]) => void dispatched.push(...jobs), wake() {} },
  }
}

describe('relaying the outbox', () => {
  it('turns each topic into the job that takes it up, and passes others by', async () => {
    const { outbox, at } = aLog([
      anEvent('economy.created', 'eco'),
      anEvent('user.created', 'usr'),
      anEvent('airdrop.created', 'air'),
      anEvent('transaction.queued', 'txn'),
      anEvent('topic.of.a.newer.version', 'x'),
    ])
    const { jobs, dispatched } = aCarriage()
    await relayOutbox({ outbox, jobs })
    expect(dispatched).toEqual([
      { name: 'deploy-economy', id: 'eco' },
      { name: 'run-airdrop', id: 'air' },
      { name: 'submit-lane', id: 'lane' },
    ])
    expect(at()).toBe(5n)
  })

  it('wakes a lane once for all its queued transactions of a round', async () => {
    const events = Array.from({ length: 1_500 }, (_, index) =>
      anEvent('transaction.queued', `txn${index}`, index % 2 ? 'a' : 'b'),
    )
    const { outbox } = aLog(events, { a: 'lane', b: 'lane' })
    const { jobs, dispatched } = aCarriage()
    const result = await relayOutbox({ outbox, jobs })
    expect(dispatched).toEqual([{ name: 'submit-lane', id: 'lane' }])
    expect(result).toEqual({ events: 1_500, jobs: 1, caughtUp: true })
  })

  it('keeps its place when the carriage cannot be reached, and repeats from there', async () => {
    const { outbox, at } = aLog([anEvent('economy.created', 'eco')])
    const failing = {
      dispatch: async () => Promise.reject(new Error('Redis did not answer')),
      wake() {},
    }
    await expect(relayOutbox({ outbox, jobs: failing })).rejects.toThrow('Redis')
    expect(at()).toBe(0n)
    const { jobs, dispatched } = aCarriage()
    await relayOutbox({ outbox, jobs })
    expect(dispatched).toHaveLength(1)
  })

  it('ends at its bound and says that more events wait', async () => {
    const events = Array.from({ length: 120_000 }, () => anEvent('user.created', 'usr'))
    const { outbox } = aLog(events)
    const first = await relayOutbox({ outbox, jobs: aCarriage().jobs })
    expect(first).toMatchObject({ events: 100_000, caughtUp: false })
    expect(await relayOutbox({ outbox, jobs: aCarriage().jobs })).toMatchObject({
      events: 20_000,
      caughtUp: true,
    })
  })
})
