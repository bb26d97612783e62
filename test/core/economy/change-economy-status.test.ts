import { describe, expect, it } from 'vitest'
import type { EconomyStatus } from '#core/economy/economy.ts'
import { pauseEconomy } from '#core/economy/pause-economy.ts'
import { resumeEconomy } from '#core/economy/resume-economy.ts'
import { retryEconomy } from '#core/economy/retry-economy.ts'
import { anActor, anEconomy, countingIds, frozenClock } from '#test/support/builders.ts'
import { fakeUnitOfWork } from '#test/support/fake-stores.ts'

const acts = { pause: pauseEconomy, resume: resumeEconomy, retry: retryEconomy }
/** Where each act leads from each status; null: refused. */
const table: Record<keyof typeof acts, Record<EconomyStatus, EconomyStatus | null>> = {
  pause: { draft: null, deploying: null, active: 'paused', failed: null, paused: 'paused' },
  resume: { draft: null, deploying: null, active: 'active', failed: null, paused: 'active' },
  retry: { draft: null, deploying: 'deploying', active: null, failed: 'deploying', paused: null },
}
const cases = Object.entries(table).flatMap(([name, outcomes]) =>
  // The keys of the two records are the acts and the statuses.
  Object.entries(outcomes).map(
    ([from, to]) => [name as keyof typeof acts, from as EconomyStatus, to] as const,
  ),
)

describe('changes of an economy’s status', () => {
  it.each(cases)('%s from %s leads to %s', async (name, from, to) => {
    const { unitOfWork, rows } = fakeUnitOfWork()
    rows.economies.push(anEconomy({ status: from }))
    const act = acts[name](
      { unitOfWork, clock: frozenClock, ids: countingIds() },
      { actor: anActor(), economyId: 'an-economy' },
    )
    if (to === null)
      await expect(act).rejects.toMatchObject({ code: 'economy_state_conflict', details: { status: from } })
    else expect((await act).status).toBe(to)
    expect(rows.economies[0]?.status).toBe(to ?? from)
    const isChange = to !== null && to !== from
    expect([rows.events.length, rows.audit.length]).toEqual(isChange ? [1, 1] : [0, 0])
  })

  it('does not know another tenant’s economy', async () => {
    const { unitOfWork } = fakeUnitOfWork()
    const deps = { unitOfWork, clock: frozenClock, ids: countingIds() }
    await expect(pauseEconomy(deps, { actor: anActor(), economyId: 'theirs' })).rejects.toMatchObject({
      code: 'economy_not_found',
    })
  })
})
