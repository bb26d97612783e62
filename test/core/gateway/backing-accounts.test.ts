import { describe, expect, it } from 'vitest'
import { type GatewayEvent, type GatewayLog, planPostings } from '#core/gateway/backing-accounts.ts'
import { LedgerInconsistency } from '#core/ledger/errors.ts'

const NOTHING = new Map()

function log(event: GatewayEvent, messageHash: string | null, amount: bigint | null = null): GatewayLog {
  return {
    event,
    messageHash,
    amount,
    chainId: 1,
    blockNumber: 7,
    blockHash: '0xb',
    txHash: '0xt',
    logIndex: 0,
  }
}

const moves = (logs: readonly GatewayLog[], known = NOTHING) =>
  planPostings(logs, known).map(({ from, to, amount }) => `${from} → ${to} ${amount}`)

describe('what an event moves', () => {
  it.each<[string, GatewayLog[], string[]]>([
    [
      'a stake that is minted: into flight, then into the vault',
      [log('StakeDeclared', 'a', 5n), log('StakeProgressed', 'a')],
      ['outside → in_flight 5', 'in_flight → vault 5'],
    ],
    [
      'a stake that is taken back',
      [log('StakeDeclared', 'a', 5n), log('StakeRevoked', 'a')],
      ['outside → in_flight 5', 'in_flight → outside 5'],
    ],
    [
      'a stake that the exit gives back out of the vault',
      [log('StakeDeclared', 'a', 5n), log('StakeProgressed', 'a'), log('StakeRevoked', 'a')],
      ['outside → in_flight 5', 'in_flight → vault 5', 'vault → outside 5'],
    ],
    [
      'a mint and a redemption: into escrow, then out of existence',
      [log('Minted', 'a', 500n), log('RedeemDeclared', 'b', 200n), log('RedeemProgressed', 'b')],
      ['issuance → supply 500', 'supply → redeeming 200', 'redeeming → issuance 200'],
    ],
    [
      'a redemption that is taken back',
      [log('RedeemDeclared', 'b', 200n), log('RedeemRevoked', 'b')],
      ['supply → redeeming 200', 'redeeming → supply 200'],
    ],
    [
      'what leaves the vault',
      [log('Unstaked', 'b', 2n), log('ExitPaid', null, 1n)],
      ['vault → outside 2', 'vault → outside 1'],
    ],
    ['nothing, where a redemption is worth nothing', [log('Unstaked', 'b', 0n)], []],
  ])('%s', (_name, logs, expected) => {
    expect(moves(logs)).toEqual(expected)
  })

  it('moves what earlier logs brought, and each message’s own', () => {
    const known = new Map([
      ['a', { in_flight: 5n }],
      ['b', { in_flight: 7n }],
    ])
    expect(moves([log('StakeProgressed', 'b'), log('StakeRevoked', 'a')], known)).toEqual([
      'in_flight → vault 7',
      'in_flight → outside 5',
    ])
    expect(known.get('a')).toEqual({ in_flight: 5n })
  })

  it.each<[string, GatewayLog[]]>([
    ['no earlier event of the message is known', [log('StakeProgressed', 'a')]],
    [
      'the message is over',
      [log('StakeDeclared', 'a', 5n), log('StakeRevoked', 'a'), log('StakeRevoked', 'a')],
    ],
    ['the message is of the other kind', [log('StakeDeclared', 'a', 5n), log('RedeemProgressed', 'a')]],
  ])('refuses logs with a gap: %s', (_name, logs) => {
    expect(() => planPostings(logs, NOTHING)).toThrow(LedgerInconsistency)
  })
})
