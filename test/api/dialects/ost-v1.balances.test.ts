import { randomUUID } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { blamed, expectGuarded, notFound, useOstV1Api } from '#test/support/ost-v1-api.ts'

describe('balances of 2018', () => {
  const ctx = useOstV1Api()
  const balanceOf = async (id: string) => (await ctx.data('GET', `/balances/${id}`)).balance

  it('are what a user has, in decimals', async () => {
    expect(await ctx.data('GET', `/balances/${ctx.alice}`)).toEqual({
      result_type: 'balance',
      balance: { available_balance: '1000', airdropped_balance: '0', token_balance: '1000' },
    })
  })

  it('spend what was airdropped first, and never below nothing', async () => {
    await ctx.airdrop(ctx.alice, 5n)
    expect(await balanceOf(ctx.alice)).toMatchObject({ available_balance: '1005', airdropped_balance: '5' })
    const tip = await actionId('tip')
    const spend = (amount: string) =>
      ctx.data('POST', '/transactions', {
        action_id: tip,
        from_user_id: ctx.alice,
        to_user_id: ctx.bob,
        amount,
      })
    // 1 % commission on top.
    await spend('3')
    expect(await balanceOf(ctx.alice)).toEqual({
      available_balance: '1001.97',
      airdropped_balance: '1.97',
      token_balance: '1000',
    })
    await spend('2')
    expect(await balanceOf(ctx.alice)).toEqual({
      available_balance: '999.95',
      airdropped_balance: '0',
      token_balance: '999.95',
    })
    await ctx.airdrop(ctx.alice, 1n)
    expect(await balanceOf(ctx.alice)).toMatchObject({ airdropped_balance: '1', token_balance: '999.95' })
  })

  it('say of each transaction how much of it was airdropped', async () => {
    await ctx.mine()
    const { transactions } = await ctx.data('GET', '/transactions')
    const shares = transactions.map((row: Record<string, string>) => [
      row['amount'],
      row['airdropped_amount'],
    ])
    expect(shares).toEqual([
      ['2', '1.97'],
      ['3', '3.03'],
    ])
  })

  it('404 for every id that is no user of the economy', async () => {
    for (const id of ['nonsense', randomUUID(), ctx.strangers.userIds[0], ctx.economy.companyId])
      expect(blamed(await ctx.call('GET', `/balances/${id}`))).toEqual(notFound)
  })

  it('are not in v1', async () => {
    expect(blamed(await ctx.call('GET', `/balances/${ctx.alice}`, {}, { base: '/v1' }))).toEqual(notFound)
  })

  it('are guarded', () => expectGuarded(ctx, 'GET', `/balances/${ctx.alice}`, 'users:read'))

  async function actionId(name: string): Promise<string> {
    return (await ctx.data('GET', '/actions', { name })).actions[0].id
  }
})
