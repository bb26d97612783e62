import { describe, expect, it } from 'vitest'
import { createGatewayCalls } from '#adapters/evm/gateway-calls.ts'
import { userSalt } from '#core/economy/address-book.ts'
import { createEconomy } from '#core/economy/create-economy.ts'
import { FAUCET_GRANT_MAX } from '#core/economy/economy.ts'
import { anActor, countingIds, frozenClock } from '#test/support/builders.ts'
import { fakeChain } from '#test/support/fake-chain.ts'
import { type FakeOptions, fakeUnitOfWork } from '#test/support/fake-stores.ts'

function arrange(options: FakeOptions = {}) {
  const { unitOfWork, rows } = fakeUnitOfWork(options)
  const { addressBook } = fakeChain()
  const gatewayCalls = createGatewayCalls()
  const deps = { unitOfWork, addressBook, gatewayCalls, clock: frozenClock, ids: countingIds() }
  const create = (fields: object = {}) =>
    createEconomy(deps, {
      actor: anActor(),
      name: 'Acme Coin',
      symbol: 'ACME',
      decimals: 18,
      environment: 'sandbox',
      metadata: {},
      ...fields,
    })
  return { rows, addressBook, create }
}

describe('createEconomy', () => {
  it('knows every address before anything is deployed', async () => {
    const { rows, addressBook, create } = arrange()
    const economy = await create()
    const { token, tokenRules } = addressBook.predictToken(economy.chainId, economy.id)
    expect(economy).toMatchObject({ status: 'deploying', tokenAddress: token, tokenRulesAddress: tokenRules })
    const salt = userSalt(economy.companyUserId)
    expect(rows.companies).toEqual([
      {
        userId: economy.companyUserId,
        salt,
        address: addressBook.holderAddress(economy.chainId, token, salt),
      },
    ])
  })

  it('starts with a million whole tokens, whatever their decimals', async () => {
    const { create } = arrange()
    expect((await create({ symbol: 'A' })).initialGrant).toBe(10n ** 24n)
    expect((await create({ symbol: 'B', decimals: 0 })).initialGrant).toBe(1_000_000n)
    expect((await create({ symbol: 'C', initialGrant: 0n })).initialGrant).toBe(0n)
  })

  it('announces itself and its creator in the same unit of work', async () => {
    const { rows, create } = arrange()
    const { id } = await create()
    expect(rows.events).toMatchObject([{ topic: 'economy.created', economyId: id, subjectId: id }])
    expect(rows.audit).toMatchObject([{ action: 'economy.created', subjectId: id, actorId: 'the-key' }])
  })

  it.each([
    ['production_not_available', { environment: 'production' }, {}],
    ['invalid_request', { initialGrant: FAUCET_GRANT_MAX + 1n }, {}],
    ['no_chain_available', {}, { berth: null }],
  ])('refuses with %s and leaves nothing behind', async (code, fields, options) => {
    const { rows, create } = arrange(options)
    await expect(create(fields)).rejects.toMatchObject({ code })
    expect([rows.economies, rows.companies, rows.events, rows.audit]).toEqual([[], [], [], []])
  })

  it('keeps symbols unique', async () => {
    const { rows, create } = arrange()
    await create()
    await expect(create()).rejects.toMatchObject({ code: 'economy_symbol_taken' })
    expect(rows.events).toHaveLength(1)
  })
})

describe('userSalt', () => {
  it('is the last 12 bytes of the id', () => {
    const salt = userSalt('01a1fbb9-5690-7945-bf48-7aa7a4fde2cc')
    expect(Buffer.from(salt).toString('hex')).toBe('56907945bf487aa7a4fde2cc')
  })
})
