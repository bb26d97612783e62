import { describe, expect, it } from 'vitest'
import { FAUCET_GRANT_MAX } from '#core/economy/economy.ts'
import { grantTokens } from '#core/economy/grant-tokens.ts'
import { anActor, anEconomy, countingIds, frozenClock } from '#test/support/builders.ts'
import { fakeChain } from '#test/support/fake-chain.ts'
import { fakeUnitOfWork } from '#test/support/fake-stores.ts'

function arrange(fields: Parameters<typeof anEconomy>[0] = {}) {
  const { unitOfWork, rows } = fakeUnitOfWork()
  const economy = anEconomy(fields)
  rows.economies.push(economy)
  rows.companies.push({ userId: economy.companyUserId, address: '0xc0', salt: new Uint8Array(12) })
  const deps = { unitOfWork, faucet: fakeChain().faucet, clock: frozenClock, ids: countingIds() }
  return {
    rows,
    grant: (amount: bigint) => grantTokens(deps, { actor: anActor(), economyId: economy.id, amount }),
  }
}

describe('grantTokens', () => {
  it.each([1n, FAUCET_GRANT_MAX])('queues a call of the faucet for %s base units', async (amount) => {
    const { rows, grant } = arrange()
    const granted = await grant(amount)
    expect(rows.grants).toMatchObject([{ id: granted.id, economy: { laneId: 'lane' } }])
    expect(rows.audit).toMatchObject([
      { action: 'economy.tokens_granted', details: { amount: amount.toString() } },
    ])
  })

  it.each([0n, -1n, FAUCET_GRANT_MAX + 1n])('refuses %s base units', async (amount) => {
    const { rows, grant } = arrange()
    await expect(grant(amount)).rejects.toMatchObject({ code: 'invalid_amount' })
    expect(rows.grants).toEqual([])
  })

  it.each([
    ['production_not_available', { environment: 'production' }],
    ['economy_state_conflict', { status: 'deploying' }],
    ['economy_state_conflict', { status: 'paused' }],
  ] as const)('refuses with %s on an economy of %j', async (code, fields) => {
    await expect(arrange(fields).grant(1n)).rejects.toMatchObject({ code })
  })
})
