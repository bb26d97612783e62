import { describe, expect, it } from 'vitest'
import { compareLedger } from '#core/ledger/compare-ledger.ts'
import type { LedgerSnapshot, SnapshotAccount } from '#core/ledger/reconciliation-store.ts'

const account = (id: string, settled: bigint, changed: Partial<SnapshotAccount> = {}): SnapshotAccount => ({
  id,
  kind: 'wallet',
  address: `0x${id}`,
  settled,
  held: 0n,
  pendingIn: 0n,
  entries: settled,
  pendingHolds: 0n,
  openIncoming: 0n,
  ...changed,
})

const snapshotOf = (accounts: readonly SnapshotAccount[]): LedgerSnapshot => ({
  economyId: 'eco',
  tenantId: 'ten',
  chainId: 1,
  token: '0xtoken',
  block: { number: 1, hash: '0x01' },
  accounts,
  strayHolds: [],
  unheldTransactions: [],
})

const ISSUANCE = account('zero', -30n, { kind: 'issuance' })
const CHAIN = {
  totalSupply: 30n,
  balances: new Map([
    ['0xann', 10n],
    ['0xbob', 20n],
  ]),
}

describe('comparing a ledger with its chain', () => {
  it('finds nothing when all is equal', () => {
    expect(compareLedger(snapshotOf([ISSUANCE, account('ann', 10n), account('bob', 20n)]), CHAIN)).toEqual([])
  })

  it('finds nothing in an economy where nothing was issued', () => {
    expect(compareLedger(snapshotOf([account('ann', 0n)]), { totalSupply: 0n, balances: new Map() })).toEqual(
      [],
    )
  })

  it('takes an address the chain does not know for empty', () => {
    const accounts = [ISSUANCE, account('ann', 10n), account('bob', 19n), account('eve', 1n)]
    expect(compareLedger(snapshotOf(accounts), CHAIN)).toEqual([
      { kind: 'balance', subjectId: 'bob', address: '0xbob', expected: '20', found: '19' },
      { kind: 'balance', subjectId: 'eve', address: '0xeve', expected: '0', found: '1' },
    ])
  })

  it('finds a supply without an issuance account', () => {
    const differences = compareLedger(snapshotOf([account('ann', 10n), account('bob', 20n)]), CHAIN)
    expect(differences).toEqual([
      { kind: 'sum', subjectId: null, expected: '0', found: '30' },
      { kind: 'supply', subjectId: null, expected: '30', found: '0' },
    ])
  })

  it('finds reservations that are not the sums of what reserves', () => {
    const wrong = account('bob', 20n, { held: 5n, pendingHolds: 4n, pendingIn: 1n, openIncoming: 2n })
    expect(compareLedger(snapshotOf([ISSUANCE, account('ann', 10n), wrong]), CHAIN)).toEqual([
      { kind: 'held', subjectId: 'bob', address: '0xbob', expected: '4', found: '5' },
      { kind: 'pending_in', subjectId: 'bob', address: '0xbob', expected: '2', found: '1' },
    ])
  })
})
