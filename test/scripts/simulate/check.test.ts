import { beforeEach, describe, expect, it } from 'vitest'
import { type ChainReader, type TransferLog, ZERO_ADDRESS } from '#scripts/simulate/chain-reader.ts'
import { check, emptyEnding } from '#scripts/simulate/check.ts'
import { Differences } from '#scripts/simulate/differences.ts'
import { ADDRESS, aBalance, aTransaction, type FakeEconomy, fakeEconomy } from './fake-economy.ts'

/** A run in which the company gave Alice and Bob 100 each, and Alice sent Bob 10: everybody tells the same. */
interface Story {
  api: FakeEconomy
  logs: TransferLog[]
  onChain: Map<string, bigint>
  supply: bigint
}

let story: Story

beforeEach(() => {
  const api = fakeEconomy()
  const { books } = api.economy
  const grant = (to: string, id: string) =>
    aTransaction({
      id,
      airdrop_id: 'air_1',
      from_user_id: 'company',
      to_user_id: to,
      amount: '100',
      transfers: [{ kind: 'amount', from_user_id: 'company', to_user_id: to, amount: '100' }],
      chain: { tx_hash: '0x00', block_number: 30, fee_wei: '1' },
    })
  api.transactions = [grant('alice', 'txn_a'), grant('bob', 'txn_b'), aTransaction()]
  api.balances = new Map([
    ['company', aBalance('company', 800n)],
    ['alice', aBalance('alice', 90n)],
    ['bob', aBalance('bob', 110n)],
  ])
  books.add('company', 1_000n)
  books.move('company', 'alice', 100n)
  books.move('company', 'bob', 100n)
  books.accepted.add('txn_1')
  books.move('alice', 'bob', 10n)
  story = {
    api,
    logs: [
      { txHash: '0xff', from: ZERO_ADDRESS, to: ADDRESS.company, amount: 1_000n },
      { txHash: '0x00', from: ADDRESS.company, to: ADDRESS.alice, amount: 100n },
      { txHash: '0x00', from: ADDRESS.company, to: ADDRESS.bob, amount: 100n },
      { txHash: '0x01', from: ADDRESS.alice, to: ADDRESS.bob, amount: 10n },
    ],
    onChain: new Map([
      [ADDRESS.company, 800n],
      [ADDRESS.alice, 90n],
      [ADDRESS.bob, 110n],
    ]),
    supply: 1_000n,
  }
})

function chainOf({ logs, onChain, supply }: Story): ChainReader {
  return {
    blockNumber: async () => 50,
    balances: async (_token, addresses) => addresses.map((address) => onChain.get(address) ?? 0n),
    totalSupply: async () => supply,
    async *transferLogs() {
      yield* logs
    },
    gasUsed: async (txHashes) => BigInt(txHashes.length) * 50_000n,
  }
}

async function checked() {
  const differences = new Differences()
  const ending = emptyEnding()
  await check([story.api.economy], {
    chain: chainOf(story),
    firstBlock: 1,
    differences,
    ending,
    onProgress: () => undefined,
  })
  return { kinds: differences.list().map(({ kind }) => kind), differences, ending }
}

describe('the check at the end of a simulation', () => {
  it('finds nothing where everybody tells the same', async () => {
    const { kinds, ending } = await checked()
    expect(kinds).toEqual([])
    expect(ending).toMatchObject({
      confirmed: 1,
      failed: 0,
      accounts: 3,
      transfersOnChain: 3,
      batchesOnChain: 2,
      gasUsed: 100_000n,
      block: 50,
    })
    expect(ending.toConfirmed.summary()).toMatchObject({ count: 1, max_ms: 4_000 })
  })

  it('finds a balance that the chain does not confirm', async () => {
    story.onChain.set(ADDRESS.bob, 109n)
    expect((await checked()).kinds).toEqual(['balance on the chain'])
  })

  it('finds a balance that API and chain agree on, and that nobody accepted', async () => {
    story.onChain.set(ADDRESS.bob, 115n).set(ADDRESS.alice, 85n)
    story.api.balances.set('bob', aBalance('bob', 115n)).set('alice', aBalance('alice', 85n))
    expect((await checked()).kinds).toEqual(['balance in our books'])
  })

  it('finds a payment that reached the chain twice', async () => {
    story.logs.push({ txHash: '0x02', from: ADDRESS.alice, to: ADDRESS.bob, amount: 10n })
    const { kinds, differences } = await checked()
    expect(kinds).toEqual(['transfers'])
    expect(differences.list()[0]?.examples[0]).toContain('0x02: 0 transfers by the API, 1 by the chain')
  })

  it('finds a confirmed payment that is not on the chain', async () => {
    story.logs.pop()
    expect((await checked()).kinds).toEqual(['transfers'])
  })

  it('finds an accepted transaction that is not listed', async () => {
    story.api.economy.books.accepted.add('txn_lost')
    const { differences } = await checked()
    expect(differences.list()).toMatchObject([
      { kind: 'transactions', examples: [expect.stringContaining('txn_lost')] },
    ])
  })

  it('finds a transaction that nobody was answered with, or that is listed twice', async () => {
    story.api.transactions.push(aTransaction({ id: 'txn_1', status: 'failed' }))
    expect((await checked()).kinds).toContain('transactions')
  })

  it('finds a transaction that is not over', async () => {
    story.api.transactions[2] = aTransaction({ status: 'mined', ended_at: null })
    expect((await checked()).kinds).toContain('not over')
  })

  it('finds a transaction that failed though it was accepted, and expects its money back', async () => {
    const failure = { code: 'insufficient_balance', reason: 'the payer had too little' }
    story.api.transactions[2] = aTransaction({ status: 'failed', chain: null, failure })
    story.logs.pop()
    story.onChain.set(ADDRESS.alice, 100n).set(ADDRESS.bob, 100n)
    story.api.balances.set('alice', aBalance('alice', 100n)).set('bob', aBalance('bob', 100n))
    const { kinds, ending } = await checked()
    expect(kinds).toEqual(['failed on the chain'])
    expect(ending.failedBy.get('insufficient_balance')).toBe(1)
  })

  it('finds funds that are still held or on their way', async () => {
    story.api.balances.set('alice', aBalance('alice', 90n, { held: '5' }))
    story.api.balances.set('bob', aBalance('bob', 110n, { pending_in: '5' }))
    expect((await checked()).kinds).toEqual(['held', 'on its way'])
  })

  it('finds a supply that is not the sum of all balances, and money made beside the grant', async () => {
    story.supply = 1_001n
    story.logs.push({ txHash: '0x03', from: ZERO_ADDRESS, to: ADDRESS.bob, amount: 1n })
    const { kinds, differences } = await checked()
    expect(kinds).toEqual(['supply'])
    expect(differences.count).toBe(2)
  })

  it('finds an airdrop that gave somebody nothing, twice, or something else', async () => {
    const [, second] = story.api.transactions
    story.api.transactions[0] = { ...aTransaction(second), id: 'txn_c', amount: '99' }
    const { kinds, differences } = await checked()
    expect(kinds).toContain('airdrop')
    expect(differences.list().find(({ kind }) => kind === 'airdrop')?.count).toBe(3)
  })
})
